// The compiled parts of Asio, shared by the transport and the adapter, in the namespaces that this
// target's compile definitions rename: a host can use its own Asio, of any version and
// configuration.
#include <boost/asio/impl/src.hpp>

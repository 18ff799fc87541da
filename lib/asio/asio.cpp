// The bodies of Asio, once for the transport and the adapter, in the namespaces that this target's
// compile definitions rename: a host brings its own Asio, of any version and configuration.
#include <boost/asio/impl/src.hpp>

// The bodies of Asio, once for the transport and the adapter. Each library has an object file of
// its own here, so that a host that brings Asio's or Beast's bodies itself is linked without ours.
#include <boost/asio/impl/src.hpp>

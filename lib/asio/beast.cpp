// The bodies of Beast: see asio.cpp.
#include <boost/beast/src.hpp>

// The compiled parts of Beast: see asio.cpp.
#include <boost/beast/src.hpp>

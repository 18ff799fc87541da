// The compiled parts of Boost.JSON: see asio.cpp.
#include <boost/json/src.hpp>

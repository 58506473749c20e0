#include <boost/asio/awaitable.hpp>
#include "protocol/core.hpp"

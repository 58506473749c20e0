#include "codec/secret.hpp"
#include <boost/asio/awaitable.hpp>
#include <boost/beast/http.hpp>
#include <iostream>

#pragma once

// Not part of the library: what test/headers/check_heavy_headers has to refuse.

#include <boost/asio/ssl/error.hpp>
#include <boost/beast/core/error.hpp>
#include <openssl/ssl.h>

#include "codec/encode.hpp"
#include <openssl/ssl.h>
#include <boost/json/value.hpp>

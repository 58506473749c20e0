#include "client/client_impl.hpp"
#include "codec/encode.hpp"

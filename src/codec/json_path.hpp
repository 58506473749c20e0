#pragma once

#include <dedalus/detail/json_path.hpp>

namespace dedalus::codec {

using detail::json_path;

}  // namespace dedalus::codec

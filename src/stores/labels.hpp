#pragma once

#include <dedalus/config.hpp>
#include <dedalus/stores/records.hpp>

#include <string>
#include <string_view>

namespace dedalus::stores {

/// Labels as the text of a JSON object, and back: for databases that can look into JSON.
DEDALUS_EXPORT std::string labels_to_json(const label_map& labels);
DEDALUS_EXPORT label_map labels_from_json(std::string_view text);

}  // namespace dedalus::stores

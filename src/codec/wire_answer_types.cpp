#include "codec/wire_instantiation.hpp"
#include "codec/wire_types.hpp"

namespace dedalus {

DEDALUS_WIRE_ANSWER_ENUMS(DEDALUS_INSTANTIATE_WIRE_ENUM)
DEDALUS_WIRE_ANSWER_STRUCTS(DEDALUS_INSTANTIATE_WIRE_STRUCT)

}  // namespace dedalus

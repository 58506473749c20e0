#include <dedalus/stores/store_error.hpp>

namespace dedalus {

std::string_view to_string(store_errc reason) noexcept
{
    switch (reason) {
    case store_errc::invalid_argument:
        return "invalid argument";
    case store_errc::unavailable:
        return "the store is not available";
    case store_errc::busy:
        return "the store was busy for too long";
    case store_errc::damaged:
        return "what is stored cannot be read";
    case store_errc::wrong_format:
        return "not a run store of a known version";
    case store_errc::unsupported:
        return "not supported by this store";
    case store_errc::unknown_key:
        return "encrypted with a key that is not there";
    case store_errc::refused:
        return "refused";
    }
    return "unknown";
}

store_error::store_error(store_errc reason, const std::string& message)
    : error(errc::store, std::string(to_string(reason)) + ": " + message), reason_(reason)
{}

}  // namespace dedalus

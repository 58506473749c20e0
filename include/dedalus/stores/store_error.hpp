#pragma once

#include <dedalus/config.hpp>
#include <dedalus/error.hpp>

#include <string>
#include <string_view>

namespace dedalus {

/// Why a store cannot do what it was asked for.
enum class store_errc
{
    invalid_argument,  ///< an id, a size, a sequence number or two records in one place: no store takes it
    unavailable,       ///< not reachable, broken connection, disk full; what became of the operation is not known.
                       ///< Repeat it with the same op_id
    busy,              ///< the time limit passed; what became of the operation is not known
    damaged,           ///< what is stored cannot be read
    wrong_format,      ///< not a run store, or one of a newer version: nothing was written
    unsupported,       ///< an optional operation that this store does not have
    unknown_key,       ///< encrypted with a key that the encrypted_run_store was not given
    refused,           ///< of append_in(): the run has another owner by now, or the call has ended
};

DEDALUS_EXPORT std::string_view to_string(store_errc reason) noexcept;

/// Thrown by the operations of a run_store for what is no expected outcome. code() is errc::store. what() holds no
/// stored text and no connection parameter.
class DEDALUS_EXPORT store_error : public error
{
public:
    store_error(store_errc reason, const std::string& message);

    store_errc reason() const noexcept { return reason_; }

private:
    store_errc reason_;
};

}  // namespace dedalus

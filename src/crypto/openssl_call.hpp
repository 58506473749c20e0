#pragma once

#include <memory>

namespace dedalus::crypto {

/// Frees an object of OpenSSL.
template <auto Free>
struct releaser
{
    template <class T>
    void operator()(T* object) const noexcept
    {
        Free(object);
    }
};

template <class T, auto Free>
using handle = std::unique_ptr<T, releaser<Free>>;

/// Leaves no error of the calls in between in the queue of OpenSSL, which belongs to the thread, hence to the whole
/// program.
struct clean_error_queue
{
    clean_error_queue();
    ~clean_error_queue();

    clean_error_queue(const clean_error_queue&) = delete;
    clean_error_queue& operator=(const clean_error_queue&) = delete;
};

/// Throws config_error with the last reason in the queue unless a call was done.
void require(bool done);

}  // namespace dedalus::crypto

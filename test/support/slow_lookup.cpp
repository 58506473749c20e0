#include "support/slow_lookup.hpp"

#include <condition_variable>
#include <dlfcn.h>
#include <mutex>
#include <netdb.h>
#include <string_view>

namespace {

std::mutex mutex;
std::condition_variable changed;
bool blocked = false;
bool asked = false;

}  // namespace

namespace test {

slow_lookup::slow_lookup()
{
    const std::lock_guard lock(mutex);
    blocked = true;
    asked = false;
}

slow_lookup::~slow_lookup()
{
    const std::lock_guard lock(mutex);
    blocked = false;
    changed.notify_all();
}

void slow_lookup::wait_until_asked()
{
    std::unique_lock lock(mutex);
    changed.wait(lock, [] { return asked; });
}

bool slow_lookup::is_asked()
{
    const std::lock_guard lock(mutex);
    return asked;
}

}  // namespace test

extern "C" int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** result)
{
    using function = int(const char*, const char*, const addrinfo*, addrinfo**);
    static auto* const system_version = reinterpret_cast<function*>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    std::string_view name = node != nullptr ? node : "";
    if (name.ends_with('.'))
        name.remove_suffix(1);
    if (!name.ends_with(".test"))
        return system_version(node, service, hints, result);
    if (name == "slow.test") {
        std::unique_lock lock(mutex);
        asked = true;
        changed.notify_all();
        changed.wait(lock, [] { return !blocked; });
    }
    if (name != "two.test")
        return system_version("127.0.0.1", service, hints, result);
    const int failure = system_version("127.0.0.2", service, hints, result);
    return failure != 0 ? failure : system_version("127.0.0.1", service, hints, &(*result)->ai_next);
}

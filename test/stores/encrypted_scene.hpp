#pragma once

#include <dedalus/stores/encrypted.hpp>
#include <dedalus/testing/store_conformance.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// What is added to the bytes of a head.
inline constexpr std::size_t sealing_bytes = 37;

/// A key of 32 such bytes.
inline std::string store_key(char byte)
{
    return std::string(32, byte);
}

/// A store that encrypts with the first of these keys, before `kept_in` gets a run.
inline std::shared_ptr<dedalus::encrypted_run_store>
encrypted(std::shared_ptr<dedalus::run_store> kept_in, const std::string& keys = "k")
{
    std::vector<std::string> given;
    for (const char byte : keys)
        given.push_back(store_key(byte));
    return std::make_shared<dedalus::encrypted_run_store>(std::move(kept_in), [given] { return given; });
}

/// The suite over stores that encrypt before these get a run.
inline dedalus::testing::store_conformance_options encrypted(dedalus::testing::store_conformance_options options)
{
    options.open = [open = std::move(options.open)] { return encrypted(open()); };
    options.max_head_bytes -= sealing_bytes;
    return options;
}

}  // namespace test

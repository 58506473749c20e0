#pragma once

#include <dedalus/stores/records.hpp>

#include <string>

namespace test {

/// All bytes of a run that may hold what a tool or a person has said.
inline std::string bytes_of(const dedalus::stores::stored_run& run)
{
    std::string all = run.head.bytes;
    for (const auto& entry : run.entries)
        all += entry.body + entry.raw;
    for (const auto& record : run.calls)
        all += record.body;
    for (const auto& wait : run.waits)
        all += wait.fingerprint + wait.body;
    for (const auto& item : run.inbox)
        all += item.body;
    for (const auto& late : run.late)
        all += late.body;
    for (const auto& [name, bytes] : run.blobs)
        all += name + bytes;
    return all;
}

}  // namespace test

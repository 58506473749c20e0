#pragma once

#include <dedalus/handoff/run_phase.hpp>
#include <dedalus/stores/records.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dedalus::runs_program {

enum class command
{
    list,
    waiting,
    show,
    approve,
    reject,
    result,
    error,
    say,
    cancel,
    cancel_call,
    resume,
    export_run,
    import_run,
    remove,
    collect,
};

/// What the program was told on its command line.
struct arguments
{
    command what = command::list;
    std::string sqlite{};    ///< path; empty: PostgreSQL
    std::string postgres{};  ///< connection, which may hold a password
    std::string keys{};      ///< path of a file of keys; empty: what the store has is not encrypted
    bool html = false;
    bool always = false;
    std::optional<run_phase> phase{};
    stores::label_map labels{};  ///< that the listed runs have
    std::optional<std::chrono::milliseconds> older_than{};
    std::vector<std::string> words{};  ///< those after the command, as many as it takes
};

/// The command line is wrong. what() tells how, without its values.
class usage_error : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// Nothing when help is asked for. Throws usage_error for whatever is not understood to the last word.
std::optional<arguments> parse_arguments(const std::vector<std::string>& words);

/// The text of --help.
std::string_view usage_text() noexcept;

}  // namespace dedalus::runs_program

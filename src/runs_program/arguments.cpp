#include "runs_program/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>
#include <utility>

namespace dedalus::runs_program {

namespace {

struct known_command
{
    std::string_view name;
    command what;
    std::size_t least;  ///< words after it
    std::size_t most;
};

constexpr const char* label_problem = "--label needs NAME=VALUE";

constexpr std::array<known_command, 15> known_commands{{
    {"list", command::list, 0, 0},
    {"waiting", command::waiting, 0, 1},
    {"show", command::show, 1, 1},
    {"approve", command::approve, 2, 3},
    {"reject", command::reject, 2, 3},
    {"result", command::result, 3, 3},
    {"error", command::error, 3, 3},
    {"say", command::say, 2, 2},
    {"cancel", command::cancel, 1, 1},
    {"cancel-call", command::cancel_call, 2, 2},
    {"resume", command::resume, 1, 1},
    {"export", command::export_run, 1, 1},
    {"import", command::import_run, 0, 1},
    {"remove", command::remove, 1, 1},
    {"collect", command::collect, 0, 0},
}};

// "90s", "45m", "12h", "30d"; nothing for what is none, or longer than 100 years.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text)
{
    constexpr std::int64_t most = std::int64_t{100} * 365 * 24 * 3600;
    constexpr std::array<std::pair<char, std::int64_t>, 4> units{{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
    const auto unit =
        std::ranges::find(units, text.empty() ? '\0' : text.back(), &std::pair<char, std::int64_t>::first);
    if (unit == units.end())
        return {};
    std::int64_t count = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto [stop, failure] = std::from_chars(text.data(), end, count);
    if (failure != std::errc() || stop != end || count < 0 || count > most / unit->second)
        return {};
    return std::chrono::seconds(count * unit->second);
}

/// Takes the words one after the other.
class word_reader
{
public:
    explicit word_reader(const std::vector<std::string>& words) : words_(words) {}

    std::optional<arguments> read()
    {
        while (next_ < words_.size())
            take(words_[next_++]);
        if (help_)
            return std::nullopt;
        check_store();
        check_command();
        return std::move(result_);
    }

private:
    void take(const std::string& word)
    {
        if (only_words_ || word.size() < 2 || word.front() != '-')
            take_word(word);
        else if (word == "--")
            only_words_ = true;
        else if (word == "--help")
            help_ = true;
        else if (word == "--html")
            result_.html = true;
        else if (word == "--always")
            result_.always = true;
        else if (word == "--sqlite")
            take_value(result_.sqlite, "--sqlite needs a file, once");
        else if (word == "--postgres")
            take_value(result_.postgres, "--postgres needs a connection, once");
        else if (word == "--keys")
            take_value(result_.keys, "--keys needs a file, once");
        else if (word == "--phase")
            take_phase();
        else if (word == "--label")
            take_label();
        else if (word == "--older-than")
            take_age();
        else
            throw usage_error("unknown option " + word.substr(0, word.find('=')));
    }

    void take_word(const std::string& word)
    {
        if (command_) {
            result_.words.push_back(word);
            return;
        }
        command_ = std::ranges::find(known_commands, word, &known_command::name);
        if (command_ == known_commands.end())
            throw usage_error("unknown command " + word);
        result_.what = command_->what;
    }

    void take_value(std::string& to, const char* problem)
    {
        if (!to.empty() || next_ == words_.size() || words_[next_].empty())
            throw usage_error(problem);
        to = words_[next_++];
    }

    void take_phase()
    {
        std::string name;
        take_value(name, "--phase needs a name");
        if (result_.phase)
            throw usage_error("--phase stands twice");
        result_.phase = to_run_phase(name);
        if (!result_.phase)
            throw usage_error("--phase needs the name of a phase: suspended, completed, ...");
    }

    void take_label()
    {
        std::string text;
        take_value(text, label_problem);
        const std::size_t middle = text.find('=');
        if (middle == std::string::npos || middle == 0)
            throw usage_error(label_problem);
        result_.labels[text.substr(0, middle)] = text.substr(middle + 1);
    }

    void take_age()
    {
        std::string age;
        take_value(age, "--older-than needs a time");
        if (result_.older_than)
            throw usage_error("--older-than stands twice");
        result_.older_than = read_duration(age);
        if (!result_.older_than)
            throw usage_error("--older-than needs a time: 90s, 45m, 12h, 30d");
    }

    void check_store() const
    {
        if (result_.sqlite.empty() == result_.postgres.empty())
            throw usage_error("one of --sqlite and --postgres is needed");
    }

    void check_command() const
    {
        if (!command_)
            throw usage_error("a command is needed");
        const std::string name(command_->name);
        if (result_.words.size() < command_->least || result_.words.size() > command_->most)
            throw usage_error("wrong number of arguments for " + name);
        if (result_.html && result_.what != command::show)
            throw usage_error("--html is for show");
        if (result_.always && (result_.what != command::approve || result_.words.size() > 2))
            throw usage_error("--always is for approve, without other arguments");
        const bool collects = result_.what == command::collect;
        if (result_.phase && !collects && result_.what != command::list)
            throw usage_error("--phase is for list and collect");
        if (result_.phase && collects && !is_terminal(*result_.phase))
            throw usage_error("collect takes runs that have ended: --phase completed, failed, ...");
        if (result_.older_than.has_value() != collects)
            throw usage_error("collect needs --older-than, and nothing else does");
        if (!result_.labels.empty() && result_.what != command::list)
            throw usage_error("--label is for list");
    }

    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
    const known_command* command_ = nullptr;
    bool only_words_ = false;
    bool help_ = false;
    arguments result_;
};

constexpr std::string_view usage = R"(usage: dedalus-runs (--sqlite FILE | --postgres CONNECTION) [--keys FILE] COMMAND

Looks into a store of runs, and decides for runs that wait.

  list [--phase PHASE] [--label NAME=VALUE]...
                            the runs, oldest first; of those with all these labels
  waiting [RUN]             the calls that wait for somebody
  show [--html] RUN         what happened in a run, and when; --html: as a page of its own
  approve [--always] RUN CALL [ARGUMENTS]
                            let a waiting call run, and with --always the later ones of its
                            tool; ARGUMENTS: with this JSON object in place of its own
  reject RUN CALL [REASON]  do not; the model is told the reason
  result RUN CALL JSON      end a waiting call with this result
  error RUN CALL TEXT       end it with this error
  say RUN TEXT              add a message of the user to a run
  cancel RUN                end a run for ever
  cancel-call RUN CALL      end one call, whether it waits, runs or has not begun; the model is
                            told, and the run goes on
  resume RUN                let the next worker go on with a suspended run
  export RUN                the whole run as a JSON document
  import [FILE]             take in such a document, from standard input without FILE
  remove RUN                remove a run that has ended, with all that belongs to it
  collect --older-than TIME [--phase PHASE]
                            remove all that have ended so long ago: 90s, 45m, 12h, 30d

CONNECTION is what libpq takes: "host=/run/postgresql dbname=runs", "postgresql://...".
It may come from PGHOST, PGPASSWORD and the like, too. After -- all words are arguments.
--keys: the runs are encrypted; the file has a key of 64 hex digits in each line, the
newest first. An export has the run in plaintext.

Ends with 0 when it was done, with 1 when it was refused or failed, and with 2 for a
command line that it does not understand.
)";

}  // namespace

std::optional<arguments> parse_arguments(const std::vector<std::string>& words)
{
    return word_reader(words).read();
}

std::string_view usage_text() noexcept
{
    return usage;
}

}  // namespace dedalus::runs_program

#include <dedalus/error.hpp>
#include <dedalus/handoff/handoff_loop.hpp>

#include "handoff/check_request.hpp"
#include "handoff/engine.hpp"
#include "handoff/identifiers.hpp"
#include "handoff/run_machine.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace dedalus {

namespace asio = boost::asio;

namespace {

constexpr int most_turns = 100;
constexpr std::size_t least_result_bytes = 1024;

void check(const handoff_options& options)
{
    if (options.max_turns < 1 || options.max_turns > most_turns)
        throw config_error("max_turns of a handoff_loop must be 1 to 100");
    if (options.max_concurrency < 1)
        throw config_error("max_concurrency of a handoff_loop must be at least 1");
    if (options.max_result_bytes < least_result_bytes)
        throw config_error("max_result_bytes of a handoff_loop must be at least 1024");
}

bool offers(const std::vector<tool>& tools, const std::string& name)
{
    return std::any_of(tools.begin(), tools.end(), [&name](const tool& t) {
        const auto* function = std::get_if<function_tool>(&t);
        return function != nullptr && function->function.name == name;
    });
}

std::string check_arguments(const tool_registry& tools, const std::string& name, const boost::json::object& arguments)
{
    const tool_registry::entry* entry = tools.find(name);
    return entry != nullptr && entry->check ? entry->check(arguments) : std::string();
}

}  // namespace

class handoff_loop::impl
{
public:
    impl(client c, tool_registry tools, handoff_options options)
        : client_(std::move(c)), tools_(std::make_shared<const tool_registry>(std::move(tools))), options_(options)
    {
        check(options_);
    }

    std::shared_ptr<const handoff_engine::run_input> prepare(const chat_completion_request& request) const
    {
        handoff_core::check_request(request);
        auto input = std::make_shared<handoff_engine::run_input>();
        input->send = [c = client_](const chat_completion_request& r) { return c.chat_completions(r); };
        input->tools = tools_;
        input->max_result_bytes = options_.max_result_bytes;
        input->settings.run_id = handoff_engine::make_run_id();
        input->settings.max_turns = options_.max_turns;
        input->settings.max_concurrency = options_.max_concurrency;
        input->settings.extensions = options_.dedalus_extensions;
        input->settings.make_call_id = handoff_engine::make_call_id;
        input->settings.check = [tools = tools_](const std::string& name, const boost::json::object& arguments) {
            return check_arguments(*tools, name, arguments);
        };

        input->request = request;
        for (tool& definition : tools_->definitions()) {
            const std::string& name = std::get<function_tool>(definition).function.name;
            input->settings.tool_names.push_back(name);
            if (!offers(request.tools, name))
                input->request.tools.push_back(std::move(definition));
        }
        return input;
    }

private:
    client client_;
    std::shared_ptr<const tool_registry> tools_;
    handoff_options options_;
};

handoff_loop::handoff_loop(client c, tool_registry tools, handoff_options options)
    : impl_(std::make_shared<const impl>(std::move(c), std::move(tools), options))
{}

handoff_loop::handoff_loop(client c, tool_registry tools)
    : handoff_loop(std::move(c), std::move(tools), handoff_options{})
{}

asio::awaitable<run_result> handoff_loop::run(const chat_completion_request& request) const
{
    return handoff_engine::run_to_end(impl_->prepare(request));
}

}  // namespace dedalus

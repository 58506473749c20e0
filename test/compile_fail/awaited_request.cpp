// One operation and one form of its argument are chosen on the command line of the compiler; see CMakeLists.txt.

#include <dedalus/dedalus.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/describe/class.hpp>

#include <string>
#include <utility>

namespace {

struct city
{
    std::string name;
};
BOOST_DESCRIBE_STRUCT(city, (), (name))

#if defined(OPERATION_run)
using object = dedalus::handoff_loop;
#define OPERATION run
#elif defined(OPERATION_parse)
using object = dedalus::client;
#define OPERATION parse<city>
#elif defined(OPERATION_chat_completions_stream)
using object = dedalus::client;
#define OPERATION chat_completions_stream
#else
using object = dedalus::client;
#define OPERATION chat_completions
#endif

}  // namespace

boost::asio::awaitable<void> ask(object subject, dedalus::chat_completion_request request)
{
#if defined(FORM_BRACES)
    co_await subject.OPERATION({.model = "m", .messages = {dedalus::user_message{"hello"}}});
#elif defined(FORM_TEMPORARY)
    co_await subject.OPERATION(dedalus::chat_completion_request{.model = "m"});
#elif defined(FORM_MOVED)
    co_await subject.OPERATION(std::move(request));
#elif defined(FORM_OPTIONS)
    co_await subject.OPERATION(request, {.idempotency_key = "k"});
#elif defined(FORM_NAMED_OPTIONS)
    const dedalus::call_options options{.idempotency_key = "k"};
    co_await subject.OPERATION(request, options);
#else
    co_await subject.OPERATION(request);
#endif
}

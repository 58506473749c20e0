// One mistake is chosen on the command line of the compiler; see CMakeLists.txt. Without one the file compiles.

#include <dedalus/dedalus.hpp>

#include <boost/describe/class.hpp>

#include <string>

namespace {

struct plain
{
    std::string text;
};

struct query
{
    std::string city;
    int days = 0;
#if defined(FORM_UNDESCRIBED)
    plain inner;
#endif
};
#if defined(FORM_UNDESCRIBED)
BOOST_DESCRIBE_STRUCT(query, (), (city, days, inner))
#else
BOOST_DESCRIBE_STRUCT(query, (), (city, days))
#endif

}  // namespace

template <>
inline constexpr dedalus::schema_annotation dedalus::annotation_of<&query::days>
{
#if defined(FORM_WRONG_LIMIT)
    .min_length = 1
#elif defined(FORM_WRONG_RANGE)
    .minimum = 2, .maximum = 1
#else
    .minimum = 1, .maximum = 2
#endif
};

#if defined(FORM_NO_OBJECT)
using answer = std::vector<query>;
#else
using answer = query;
#endif

boost::asio::awaitable<void> ask(dedalus::client client, dedalus::chat_completion_request request)
{
    co_await client.parse<answer>(request);
}

void offer(dedalus::tool_registry& tools)
{
#if defined(FORM_NO_HANDLER)
    tools.add("weather", "Current weather", [](query) { return 7; });
#elif defined(FORM_NO_STRUCT)
    tools.add("weather", "Current weather", [](int, dedalus::tool_context&) -> boost::asio::awaitable<int> {
        co_return 7;
    });
#else
    tools.add("weather", "Current weather", [](query, dedalus::tool_context&) -> boost::asio::awaitable<int> {
        co_return 7;
    });
#endif
}

#include "testing/temporary_directory.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace dedalus::testing {

temporary_directory::temporary_directory()
{
    std::string pattern = (std::filesystem::temp_directory_path() / "dedalus-testserver-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
        throw boost::system::system_error(errno, boost::system::system_category(), "temporary directory");
    path_ = pattern;
}

temporary_directory::~temporary_directory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string temporary_directory::write(std::string_view name, std::string_view content) const
{
    std::filesystem::path file = path_ / name;
    std::ofstream out(file, std::ios::binary);
    out << content;
    out.close();
    if (!out)
        throw boost::system::system_error(
            make_error_code(boost::system::errc::io_error), "cannot write " + file.string()
        );
    return file.string();
}

}  // namespace dedalus::testing

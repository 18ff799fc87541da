// A host that uses the library's namespace before Boost.Asio, which has names such as `query` that
// no name of the library may meet.

#include <webhooks/webhooks.hpp>

using namespace webhooks;

#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <boost/json.hpp>

Result<> check_on(boost::asio::io_context& context, const ListQuery& list) {
    context.poll();
    return list.check(ListKind::events);
}

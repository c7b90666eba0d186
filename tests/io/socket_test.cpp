// Routers and dealers over loopback.
#include "common/io/socket.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/io/fd.hpp"

namespace ocrs {
namespace {

using namespace std::chrono_literals;

/// Tries until it works or ten seconds have passed.
bool eventually(const std::function<bool()>& works, void* socket) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!works()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::vector<WaitItem> wait{{socket}};
    wait_ready(wait, 10ms);
  }
  return true;
}

std::optional<RoutedFrame> receive(RouterSocket& router) {
  std::optional<RoutedFrame> frame;
  eventually([&] { return (frame = router.receive()).has_value(); }, router.handle());
  return frame;
}
std::optional<std::string> receive(DealerSocket& dealer) {
  std::optional<std::string> frame;
  eventually([&] { return (frame = dealer.receive()).has_value(); }, dealer.handle());
  return frame;
}
bool send(DealerSocket& dealer, const std::string& bytes) {
  return eventually([&] { return dealer.send(bytes) == Delivery::sent; }, dealer.events_handle());
}

bool sees(WireSocket& socket, SocketEventKind kind, std::string* text = nullptr) {
  return eventually(
      [&] {
        for (const auto& event : socket.events()) {
          if (event.kind != kind) continue;
          if (text != nullptr) *text = event.text;
          return true;
        }
        return false;
      },
      socket.events_handle());
}

SocketOptions quick() {
  SocketOptions options;
  options.linger = 0ms;
  options.reconnect_min = 20ms;
  options.reconnect_max = 100ms;
  return options;
}

TEST(Sockets, CarryFramesBothWaysAndTellWhoSpoke) {
  WireContext context;
  RouterSocket router(context, quick());
  const std::string endpoint = router.bind("tcp://127.0.0.1:0");
  EXPECT_NE(parse_endpoint(endpoint)->port, 0);
  DealerSocket one(context, quick()), two(context, quick());
  ASSERT_TRUE(one.connect(endpoint));
  ASSERT_TRUE(two.connect(endpoint));
  ASSERT_TRUE(send(one, "from one"));
  const auto first = receive(router);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->bytes, "from one");
  EXPECT_EQ(first->peer, "127.0.0.1");
  EXPECT_EQ(first->user, "");
  ASSERT_TRUE(send(two, "from two"));
  const auto second = receive(router);
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(first->routing, second->routing);
  EXPECT_EQ(router.send(second->routing, "to two"), Delivery::sent);
  EXPECT_EQ(receive(two), "to two");
  EXPECT_FALSE(one.receive().has_value());
}

TEST(Sockets, TellAPeerThatIsGoneFromOneThatIsSlow) {
  WireContext context;
  SocketOptions small = quick();
  small.queue_max = 2;
  RouterSocket router(context, small);
  const std::string endpoint = router.bind("tcp://127.0.0.1:*");
  EXPECT_EQ(router.send("nobody", "x"), Delivery::unreachable);

  std::optional<DealerSocket> dealer(std::in_place, context, small);
  ASSERT_TRUE(dealer->connect(endpoint));
  ASSERT_TRUE(send(*dealer, "hello"));
  const auto hello = receive(router);
  ASSERT_TRUE(hello.has_value());
  // It never reads: queues and kernel buffers fill, and no send blocks.
  const std::string large(1 << 20, 'x');
  ASSERT_TRUE(eventually([&] { return router.send(hello->routing, large) == Delivery::would_block; }, nullptr));
  dealer.reset();
  EXPECT_TRUE(eventually([&] { return router.send(hello->routing, "x") == Delivery::unreachable; }, router.handle()));
}

TEST(Sockets, ADealerThatIsNotConnectedRefusesToQueue) {
  WireContext context;
  RouterSocket taken(context, quick());
  const std::string endpoint = taken.bind("tcp://127.0.0.1:0");
  DealerSocket dealer(context, quick());
  EXPECT_EQ(dealer.send("x"), Delivery::would_block);
  ASSERT_TRUE(dealer.connect("tcp://127.0.0.1:1"));
  EXPECT_TRUE(sees(dealer, SocketEventKind::retrying));
  EXPECT_EQ(dealer.send("x"), Delivery::would_block);
}

TEST(Sockets, ReportConnectionsAndTheirEnd) {
  WireContext context;
  std::optional<RouterSocket> router(std::in_place, context, quick());
  const std::string endpoint = router->bind("tcp://127.0.0.1:0");
  DealerSocket dealer(context, quick());
  ASSERT_TRUE(dealer.connect(endpoint));
  EXPECT_TRUE(sees(dealer, SocketEventKind::ready));
  EXPECT_TRUE(sees(*router, SocketEventKind::ready));
  router.reset();
  EXPECT_TRUE(sees(dealer, SocketEventKind::disconnected));
}

TEST(Sockets, BindFailuresNameTheEndpointAndTheReason) {
  WireContext context;
  RouterSocket first(context, quick());
  const std::string endpoint = first.bind("tcp://127.0.0.1:0");
  const auto failure = [&](const std::string& where) -> std::string {
    try {
      RouterSocket second(context, quick());
      second.bind(where);
    } catch (const StartupError& error) {
      return error.what();
    }
    return "bound";
  };
  EXPECT_EQ(failure(endpoint), "cannot bind " + endpoint + ": Address already in use");
  EXPECT_EQ(failure("127.0.0.1:5555"), "cannot bind 127.0.0.1:5555: expected tcp://HOST:PORT");
  EXPECT_TRUE(failure("tcp://192.0.2.1:5555").starts_with("cannot bind tcp://192.0.2.1:5555: "));
}

TEST(Sockets, ClosePeersThatSendMoreThanTheLimit) {
  WireContext context;
  SocketOptions limited = quick();
  limited.message_bytes_max = 1000;
  RouterSocket router(context, limited);
  const std::string endpoint = router.bind("tcp://127.0.0.1:0");
  DealerSocket dealer(context, quick());
  ASSERT_TRUE(dealer.connect(endpoint));
  ASSERT_TRUE(send(dealer, std::string(1001, 'x')));
  EXPECT_TRUE(sees(dealer, SocketEventKind::disconnected));
  EXPECT_FALSE(router.receive().has_value());
}

TEST(Sockets, WaitReadyWatchesDescriptorsToo) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  std::vector<WaitItem> wait{{nullptr, read_end.get()}, {nullptr, write_end.get(), true}};
  ASSERT_TRUE(wait_ready(wait, 0ms));
  EXPECT_FALSE(wait[0].readable);
  EXPECT_TRUE(wait[1].writable);
  write_end.reset();
  wait.pop_back();
  ASSERT_TRUE(wait_ready(wait, 1000ms));
  EXPECT_TRUE(wait[0].readable) << "a hang-up is something to read";
}

// ---- CURVE ----

struct Keys {
  CurveKeys server = *make_curve_keys();
  CurveKeys client = *make_curve_keys();
};

TEST(Curve, AnEnforcedDomainWithoutAHandlerLetsNobodyIn) {
  WireContext context;
  const Keys keys;
  SocketOptions server = quick();
  server.curve = keys.server;
  RouterSocket router(context, server);
  const std::string endpoint = router.bind("tcp://127.0.0.1:0");
  SocketOptions client = quick();
  client.curve = keys.client;
  client.curve->server_key = keys.server.public_key;
  DealerSocket dealer(context, client);
  ASSERT_TRUE(dealer.connect(endpoint));
  EXPECT_TRUE(sees(router, SocketEventKind::handshake_failed));
  EXPECT_EQ(dealer.send("let me in"), Delivery::would_block);
}

TEST(Curve, AWrongServerKeyOrNoKeyAtAllIsAHandshakeFailure) {
  WireContext context;
  const Keys keys;
  SocketOptions server = quick();
  server.curve = keys.server;
  RouterSocket router(context, server);
  const std::string endpoint = router.bind("tcp://127.0.0.1:0");

  DealerSocket plain(context, quick());
  ASSERT_TRUE(plain.connect(endpoint));
  std::string why;
  EXPECT_TRUE(sees(plain, SocketEventKind::handshake_failed, &why));
  EXPECT_EQ(why, "one side uses CURVE and the other does not");

  SocketOptions wrong = quick();
  wrong.curve = keys.client;
  wrong.curve->server_key = keys.client.public_key;
  DealerSocket stranger(context, wrong);
  ASSERT_TRUE(stranger.connect(endpoint));
  EXPECT_TRUE(sees(router, SocketEventKind::handshake_failed, &why));
}

TEST(Curve, KeysAreCheckedWhenTheSocketIsMade) {
  WireContext context;
  SocketOptions broken = quick();
  broken.curve = CurveKeys{"short", "short", "short"};
  EXPECT_THROW(DealerSocket(context, broken), StartupError);
  const Keys keys;
  EXPECT_EQ(*curve_public_key(keys.server.secret_key), keys.server.public_key);
  EXPECT_FALSE(curve_public_key("nonsense").ok());
}

// ---- endpoints ----

TEST(Endpoints, AreTakenApartAndPutTogether) {
  EXPECT_EQ(*parse_endpoint("tcp://labor-7.example:5555"), (Endpoint{"labor-7.example", 5555}));
  EXPECT_EQ(*parse_endpoint("tcp://[::1]:0"), (Endpoint{"::1", 0}));
  EXPECT_EQ(*parse_endpoint("tcp://*:*"), (Endpoint{"*", 0}));
  EXPECT_EQ(to_string(Endpoint{"::1", 80}), "tcp://[::1]:80");
  for (const char* bad :
       {"", "tcp://", "tcp://host", "tcp://:1", "tcp://host:", "tcp://host:65536", "tcp://host:-1", "tcp://host:1x",
        "tcp://::1:80", "tcp://[zz]:80", "udp://host:1", "host:1", "tcp://a b:1", "tcp://host;x:1"})
    EXPECT_FALSE(parse_endpoint(bad).ok()) << bad;
}

TEST(Endpoints, KnowLoopbackAndWildcards) {
  for (const char* near : {"127.0.0.1", "127.255.0.3", "::1", "localhost", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback({near, 1})) << near;
    EXPECT_FALSE(is_wildcard({near, 1})) << near;
  }
  for (const char* far : {"192.168.1.4", "128.0.0.1", "localhost.example", "fe80::1", "eth0", "127.0.0.1.example"})
    EXPECT_FALSE(is_loopback({far, 1})) << far;
  for (const char* all : {"*", "0.0.0.0", "::"}) {
    EXPECT_FALSE(is_loopback({all, 1})) << all;
    EXPECT_TRUE(is_wildcard({all, 1})) << all;
  }
}

}  // namespace
}  // namespace ocrs

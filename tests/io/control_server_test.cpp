// The control socket against clients of every kind: the honest, the slow, the loud, the many.
#include "coordinator/io/control_server.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <future>
#include <random>

#include "coordinator/io/control_client.hpp"
#include "tests/support/scratch_dir.hpp"

namespace ocrs {
namespace {

using namespace std::chrono_literals;

class ControlServerTest : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path path() const { return scratch_.path() / "control.sock"; }

  UniqueFd connect() {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path().string().copy(name.sun_path, sizeof name.sun_path - 1);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0)
        << std::strerror(errno);
    return socket;
  }

  static void say(const UniqueFd& socket, std::string_view bytes) {
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  /// What has come until now; "" = nothing, "<end>" = the connection ended.
  static std::string heard(const UniqueFd& socket) {
    std::string text(1 << 16, '\0');
    const ssize_t count = ::recv(socket.get(), text.data(), text.size(), MSG_DONTWAIT);
    if (count == 0) return "<end>";
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return text;
  }

  test::ScratchDir scratch_;
  TimePoint now_{1s};
};

TEST_F(ControlServerTest, TakesARequestInPiecesAndSendsOneReply) {
  ControlServer server(path());
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const UniqueFd client = connect();
  say(client, R"({"verb":"dra)");
  EXPECT_TRUE(server.serve(now_).empty());
  say(client, "in\",\"worker\":\"lab7\"}\n");
  const auto asked = server.serve(now_);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].request.verb, ControlVerb::drain);
  EXPECT_EQ(asked[0].request.worker, "lab7");
  server.reply(asked[0].client, {true, "done", R"({"n":1})"});
  EXPECT_EQ(heard(client), "{\"ok\":true,\"text\":\"done\",\"data\":{\"n\":1}}\n");
  EXPECT_EQ(server.clients(), 0U);
}

TEST_F(ControlServerTest, AnswersGarbageWithASentenceAndGoesOn) {
  ControlServer server(path());
  std::mt19937_64 random(7);
  std::string noise(1000, '\0');
  for (char& c : noise) c = static_cast<char>(random() | 1);
  std::replace(noise.begin(), noise.end(), '\n', ' ');
  const std::string deep = std::string(4000, '[');
  for (const std::string& line :
       {noise, deep, std::string("{}"), std::string("[]"), std::string(R"({"verb":7})"),
        std::string(R"({"verb":"pause","colour":"red"})"), std::string(R"({"verb":"extend","points":1e300})"),
        std::string(R"({"verb":"extend","points":-5})"), std::string(R"({"verb":"extend"})"),
        std::string(R"({"verb":"explain","page":0})"),
        std::string(R"({"verb":"explain","page":0,"point":99999999999})"),
        std::string(R"({"verb":"drain","worker":""})"), std::string(R"({"verb":{"verb":"pause"}})")}) {
    const UniqueFd client = connect();
    say(client, line + "\n");
    EXPECT_TRUE(server.serve(now_).empty()) << line;
    EXPECT_NE(heard(client).find("control request"), std::string::npos) << line.substr(0, 60);
    EXPECT_EQ(server.clients(), 0U);
  }
}

TEST_F(ControlServerTest, ReadsNoMoreOfAHugeRequestThanALineMayHave) {
  ControlServer server(path());
  const UniqueFd client = connect();
  say(client, std::string(100'000, 'x'));
  EXPECT_TRUE(server.serve(now_).empty());
  EXPECT_NE(heard(client).find("longer than 4096"), std::string::npos);
  EXPECT_EQ(server.clients(), 0U);
}

TEST_F(ControlServerTest, DropsWhoIsSlowToAskOrToTakeItsReply) {
  ControlServer server(path(), {.clients = 4, .patience = 10s});
  const UniqueFd silent = connect(), deaf = connect();
  say(silent, "{");
  say(deaf, "{\"verb\":\"status\"}\n");
  const auto asked = server.serve(now_);
  ASSERT_EQ(asked.size(), 1U);
  server.reply(asked[0].client, {true, std::string(4 << 20, 'x'), "{}"});
  EXPECT_EQ(server.clients(), 2U) << "the reply does not fit into the socket, and nobody waits for it";
  EXPECT_TRUE(server.serve(now_ + 9s).empty());
  EXPECT_EQ(server.clients(), 2U);
  EXPECT_TRUE(server.serve(now_ + 10s).empty());
  EXPECT_EQ(server.clients(), 0U);
  EXPECT_EQ(heard(silent), "<end>");
}

TEST_F(ControlServerTest, ServesTheNewestWhenThereAreTooMany) {
  ControlServer server(path(), {.clients = 8, .patience = 10s});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(connect());
  EXPECT_TRUE(server.serve(now_).empty());
  EXPECT_EQ(server.clients(), 8U);
  const UniqueFd honest = connect();
  say(honest, "{\"verb\":\"pause\"}\n");
  EXPECT_EQ(server.serve(now_).size(), 1U);
  EXPECT_EQ(heard(idle.front()), "<end>");
}

TEST_F(ControlServerTest, ForgetsAClientThatLeftBeforeItsReply) {
  ControlServer server(path());
  UniqueFd client = connect();
  say(client, "{\"verb\":\"status\"}\n");
  const auto asked = server.serve(now_);
  ASSERT_EQ(asked.size(), 1U);
  client.reset();
  server.reply(asked[0].client, {true, "nobody hears this", "{}"});
  EXPECT_TRUE(server.serve(now_).empty());
  EXPECT_EQ(server.clients(), 0U);
}

TEST_F(ControlServerTest, TakesThePlaceOfASocketLeftByAKilledCoordinatorAndRemovesItsOwn) {
  { std::ofstream(path()) << "left"; }
  {
    ControlServer server(path());
    EXPECT_TRUE(std::filesystem::is_socket(path()));
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ControlServerTest, IsReachedInAFolderWhosePathIsLongerThanASocketsNameMayBe) {
  const std::filesystem::path folder = scratch_.path() / std::string(100, 'a') / std::string(100, 'b');
  std::filesystem::create_directories(folder);
  ControlServer server(folder / "control.sock");
  auto reply = std::async(std::launch::async, [&] { return ask_coordinator(folder / "control.sock", {}); });
  for (bool answered = false; !answered;) {
    std::vector<WaitItem> items;
    server.wait_for(items);
    ASSERT_TRUE(wait_ready(items, 10s));
    for (const auto& asked : server.serve(now_)) {
      server.reply(asked.client, {false, "no", "{}"});
      answered = true;
    }
  }
  const auto told = reply.get();
  ASSERT_TRUE(told.ok()) << told.error().text;
  ASSERT_TRUE(told->has_value());
  EXPECT_FALSE((*told)->ok);
  EXPECT_EQ((*told)->text, "no");
}

TEST_F(ControlServerTest, SaysThatNobodyIsThereWithoutASocketAndBehindADeadOne) {
  const auto none = ask_coordinator(path(), {});
  ASSERT_TRUE(none.ok());
  EXPECT_FALSE(none->has_value());
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path().string().copy(name.sun_path, sizeof name.sun_path - 1);
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name), 0);
  }
  const auto refused = ask_coordinator(path(), {});
  ASSERT_TRUE(refused.ok()) << refused.error().text;
  EXPECT_FALSE(refused->has_value());
}

TEST(ControlMessages, EveryRequestIsReadAsItWasWritten) {
  for (const ControlRequest& request :
       {ControlRequest{}, ControlRequest{.verb = ControlVerb::drain, .worker = "h\"ost\n"},
        ControlRequest{.verb = ControlVerb::extend, .points = 2048},
        ControlRequest{.verb = ControlVerb::explain, .evaluation = {PageIndex{3}, PointIndex{-1}}},
        ControlRequest{.verb = ControlVerb::retry_failed}}) {
    const std::string line = to_line(request);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto read = control_request_from(line);
    ASSERT_TRUE(read.ok()) << read.error().text;
    EXPECT_EQ(read->verb, request.verb);
    EXPECT_EQ(read->worker, request.worker);
    EXPECT_EQ(read->points, request.points);
    EXPECT_EQ(read->evaluation, request.evaluation);
  }
  EXPECT_FALSE(control_reply_from("{\"ok\":1}").ok());
  EXPECT_FALSE(control_reply_from("gibberish").ok());
}

}  // namespace
}  // namespace ocrs

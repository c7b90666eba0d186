// Key files, the list of workers, the handshake with keys, and what a revocation cuts while connections live.
#include "common/io/keys.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "common/core/codec.hpp"
#include "common/io/file.hpp"
#include "common/io/hash.hpp"
#include "coordinator/io/key_folder.hpp"
#include "coordinator/io/key_gate.hpp"
#include "coordinator/io/listening.hpp"
#include "tests/support/scratch_dir.hpp"

namespace ocrs {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

bool eventually(const std::function<bool()>& works) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  std::vector<WaitItem> nothing;
  while (!works()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    wait_ready(nothing, 5ms);
  }
  return true;
}

std::string text_of(const fs::path& path) { return *read_file(path, 1 << 20); }
void put(const fs::path& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}

class KeysTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(create_key_folder(folder()).ok());
    ASSERT_TRUE(add_worker_key(folder(), "labor-7", {"tcp://192.0.2.7:5570"}, join_path()).ok());
  }
  fs::path folder() const { return scratch_ / "keys"; }
  fs::path join_path() const { return scratch_ / "labor-7.join"; }

  test::ScratchDir scratch_;
};

// ---- files ----

TEST_F(KeysTest, AJoinFileHoldsTheWorkersPairAndNoSecretOfTheCoordinator) {
  const auto join = read_join_file(join_path());
  ASSERT_TRUE(join.ok()) << join.error().text;
  const auto server = server_keys(folder());
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(join->name, "labor-7");
  EXPECT_EQ(join->endpoints, std::vector<std::string>{"tcp://192.0.2.7:5570"});
  EXPECT_EQ(join->keys.server_key, server->public_key);
  EXPECT_EQ(*curve_public_key(join->keys.secret_key), join->keys.public_key);
  EXPECT_EQ(text_of(join_path()).find(server->secret_key), std::string::npos);
  const auto list = read_worker_list(worker_list_file(folder()));
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->at(0).public_key, join->keys.public_key);
  EXPECT_EQ(text_of(worker_list_file(folder())).find(join->keys.secret_key), std::string::npos);
}

TEST_F(KeysTest, FilesAndFolderAreClosedToOthersAndCheckedWhenUsed) {
  for (const auto& entry : fs::directory_iterator(folder())) {
    struct stat status {};
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
  const auto told = [](const auto& result) { return result.ok() ? std::string("fine") : result.error().text; };
  ::chmod(join_path().c_str(), 0640);
  EXPECT_EQ(told(read_join_file(join_path())),
            join_path().string() + " is open to other users (mode 0640); close it: chmod 600 " + join_path().string());
  const fs::path secret = folder() / "server.key";
  ::chmod(secret.c_str(), 0644);
  EXPECT_EQ(told(server_keys(folder())),
            secret.string() + " is open to other users (mode 0644); close it: chmod 600 " + secret.string());
  ::chmod(secret.c_str(), 0600);
  ::chmod(folder().c_str(), 0755);
  EXPECT_EQ(told(server_keys(folder())),
            folder().string() + " is open to other users (mode 0755); close it: chmod 700 " + folder().string());
  EXPECT_FALSE(add_worker_key(folder(), "b", {"tcp://a:1"}, scratch_ / "b.join").ok());
  EXPECT_FALSE(fs::exists(scratch_ / "b.join"));
}

TEST_F(KeysTest, ADamagedFileIsRefusedWithItsLine) {
  const std::string good = text_of(join_path());
  const fs::path bad = scratch_ / "bad.join";
  const auto told = [&](const std::string& text) {
    put(bad, text);
    const auto join = read_join_file(bad);
    return join.ok() ? std::string("fine") : join.error().text.substr(bad.string().size());
  };
  ASSERT_EQ(told(good), "fine");
  const auto with = [&](const std::string& what, const std::string& instead) {
    std::string text = good;
    return text.replace(text.find(what), what.size(), instead);
  };
  EXPECT_EQ(told(""), ": expected \"ocrscreen-join 1\" in the first line");
  EXPECT_EQ(told(text_of(folder() / "server.key")), ":1: expected \"ocrscreen-join 1\": this is another kind of file");
  EXPECT_EQ(told(with("join 1", "join 2")), ":1: written by a newer version, which this program cannot read");
  EXPECT_EQ(told(with("server_key ", "server_key x")), ":5: server_key is not a CURVE key of 40 characters");
  EXPECT_EQ(told(with("name labor-7", "name ../../etc")), ": name: letters, digits, '.', '_', '-' expected");
  EXPECT_EQ(told(with("tcp://192.0.2.7:5570", "tcp://192.0.2.7")), ":4: endpoint: expected tcp://HOST:PORT");
  EXPECT_EQ(told(with("tcp://192.0.2.7:5570", "tcp://0.0.0.0:5")), ":4: endpoint: a host and a port are needed");
  EXPECT_EQ(told(good + "colour red\n"), ":8: no field of this file: colour");
  EXPECT_EQ(told(good + "name b\n"), ":8: name comes twice");
  EXPECT_EQ(told(with("name", "na\x01me")), ":3: a control character; the file is damaged");
  std::string other = *curve_public_key(make_curve_keys()->secret_key);
  EXPECT_EQ(told(with(read_join_file(join_path())->keys.public_key, other)),
            ": public_key does not belong to secret_key; the file is damaged");
  // Cut anywhere, it is an error and never half a key. (Without its last newline it is whole.)
  for (std::size_t size = 0; size + 1 < good.size(); ++size) ASSERT_NE(told(good.substr(0, size)), "fine") << size;
  put(bad, std::string((4u << 20) + 1, ' '));
  EXPECT_FALSE(read_join_file(bad).ok()) << "bounded";
}

TEST_F(KeysTest, NamesAreCheckedAndTakenOnce) {
  for (const std::string& bad :
       {std::string(), std::string(".x"), std::string("-x"), std::string("a/b"), std::string("a b"),
        std::string("a\nb"), std::string("\xc3\xa9"), std::string(65, 'a')})
    EXPECT_FALSE(add_worker_key(folder(), bad, {"tcp://a:1"}, scratch_ / "x.join").ok()) << bad;
  EXPECT_FALSE(fs::exists(scratch_ / "x.join"));
  EXPECT_EQ(add_worker_key(folder(), "labor-7", {"tcp://a:1"}, scratch_ / "x.join").error().text,
            "there is a key for labor-7 already; revoke it first: ocrscreen keys revoke labor-7");
  EXPECT_FALSE(add_worker_key(folder(), "other", {"tcp://a:1"}, join_path()).ok()) << "no join file is replaced";
  EXPECT_FALSE(revoke_worker_key(folder(), "nobody").ok());
  ASSERT_TRUE(revoke_worker_key(folder(), "labor-7").ok());
  ASSERT_TRUE(add_worker_key(folder(), "labor-7", {"tcp://a:1"}, scratch_ / "again.join").ok());
  const auto list = read_worker_list(worker_list_file(folder()));
  ASSERT_EQ(list->size(), 2U);
  EXPECT_TRUE(list->at(0).revoked);
  EXPECT_FALSE(list->at(1).revoked);
  EXPECT_FALSE(create_key_folder(folder()).ok()) << "the keys of running workers are not thrown away";
}

TEST_F(KeysTest, TheListIsReadAgainWhenItChangesAndFailsClosed) {
  const std::string key = read_join_file(join_path())->keys.public_key;
  AllowList allowed(worker_list_file(folder()));
  const auto ask = [&] { return allowed.ask(key, 0ms); };
  EXPECT_EQ(ask().state, KeyState::allowed);
  EXPECT_EQ(ask().name, "labor-7");
  EXPECT_EQ(allowed.ask(make_curve_keys()->public_key, 0ms).state, KeyState::unknown);
  EXPECT_EQ(allowed.ask("", 0ms).state, KeyState::unknown);
  const std::string good = text_of(worker_list_file(folder()));
  put(worker_list_file(folder()), good + "half a li");
  EXPECT_EQ(ask().state, KeyState::list_unreadable);
  put(worker_list_file(folder()), good, 0644);
  EXPECT_EQ(ask().state, KeyState::list_unreadable);
  allowed.add_local("local key", "local");
  EXPECT_EQ(allowed.ask("local key", 0ms).state, KeyState::allowed) << "this run's own workers do not depend on it";
  fs::remove(worker_list_file(folder()));
  EXPECT_EQ(ask().state, KeyState::list_unreadable);
  put(worker_list_file(folder()), good);
  EXPECT_EQ(ask().state, KeyState::allowed);
  ASSERT_TRUE(revoke_worker_key(folder(), "labor-7").ok());
  EXPECT_EQ(ask().state, KeyState::revoked);
  EXPECT_THROW(AllowList(scratch_ / "no-such-file"), StartupError);
}

// ---- sockets ----

class KeyedCoordinatorTest : public KeysTest {
 protected:
  void SetUp() override {
    KeysTest::SetUp();
    ASSERT_TRUE(make_private_dir(scratch_ / "out").ok());
    ListeningOptions options;
    options.keys = folder();
    here_.emplace(listen(context_, options, scratch_ / "out"));
    here_->blobs->add_bytes(hash_, "a page");
  }

  SocketOptions worker(const CurveKeys& keys) const {
    SocketOptions options;
    options.linger = 0ms;
    options.reconnect_min = 20ms;
    options.reconnect_max = 100ms;
    options.curve = keys;
    return options;
  }
  CurveKeys joined(const fs::path& path) const { return read_join_file(path)->keys; }
  CurveKeys unknown() const {
    CurveKeys keys = *make_curve_keys();
    keys.server_key = *here_->server_key;
    return keys;
  }

  /// Connects, tries to be heard, and says how the handshake went; anything that comes through fails the test.
  HandshakeFailure failure_of(const SocketOptions& options, const std::string& endpoint) {
    DealerSocket dealer(context_, options);
    EXPECT_TRUE(dealer.connect(endpoint).ok());
    std::optional<HandshakeFailure> failure;
    EXPECT_TRUE(eventually([&] {
      EXPECT_NE(dealer.send("let me in"), Delivery::sent);
      for (const SocketEvent& event : dealer.events()) {
        EXPECT_NE(event.kind, SocketEventKind::ready);
        if (event.kind == SocketEventKind::handshake_failed) failure = event.failure;
      }
      return failure.has_value();
    }));
    EXPECT_FALSE(here_->router->receive().has_value());
    return failure.value_or(HandshakeFailure::none);
  }
  bool router_sees(HandshakeFailure failure) {
    return eventually([&] {
      for (const SocketEvent& event : here_->router->events()) {
        if (event.failure == failure) return true;
      }
      return false;
    });
  }
  std::optional<RoutedFrame> receive() {
    std::optional<RoutedFrame> frame;
    eventually([&] { return (frame = here_->router->receive()).has_value(); });
    return frame;
  }

  WireContext context_;
  std::optional<Listening> here_;
  const ContentHash hash_ = hash_bytes("a page");
};

TEST_F(KeyedCoordinatorTest, LetsInAKeyOnTheListAndKnowsWhoseItIs) {
  const CurveKeys keys = joined(join_path());
  DealerSocket dealer(context_, worker(keys));
  ASSERT_TRUE(dealer.connect(here_->control).ok());
  ASSERT_TRUE(eventually([&] { return dealer.send("hello") == Delivery::sent; }));
  const auto frame = receive();
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->user, keys.public_key);
  const CurveKeys local = joined(here_->local_join);
  DealerSocket own(context_, worker(local));
  ASSERT_TRUE(own.connect(here_->control).ok());
  ASSERT_TRUE(eventually([&] { return own.send("hello") == Delivery::sent; })) << "its own local worker";
  EXPECT_EQ(receive()->user, local.public_key);
}

TEST_F(KeyedCoordinatorTest, RefusesOnBothSocketsWhoeverHasNoKeyOfTheList) {
  ASSERT_TRUE(add_worker_key(folder(), "former", {"tcp://a:1"}, scratch_ / "former.join").ok());
  ASSERT_TRUE(revoke_worker_key(folder(), "former").ok());
  for (const std::string& endpoint : {here_->control, here_->blob}) {
    EXPECT_EQ(failure_of(worker(unknown()), endpoint), HandshakeFailure::refused) << "the server's public key only";
    EXPECT_EQ(failure_of(worker(joined(scratch_ / "former.join")), endpoint), HandshakeFailure::refused) << "revoked";
    SocketOptions plain = worker({});
    plain.curve.reset();
    EXPECT_EQ(failure_of(plain, endpoint), HandshakeFailure::mechanism) << "no key at all";
    CurveKeys wrong = joined(join_path());
    wrong.server_key = make_curve_keys()->public_key;
    EXPECT_EQ(failure_of(worker(wrong), endpoint), HandshakeFailure::hung_up) << "another server's key";
  }
  EXPECT_TRUE(router_sees(HandshakeFailure::keys)) << "the coordinator is told of it too";
  ::chmod(worker_list_file(folder()).c_str(), 0644);
  EXPECT_EQ(failure_of(worker(joined(join_path())), here_->control), HandshakeFailure::not_now) << "fails closed";
}

TEST_F(KeyedCoordinatorTest, AKeyedWorkerKnowsAnOpenCoordinator) {
  RouterSocket open(context_);
  const std::string endpoint = open.bind("tcp://127.0.0.1:0");
  EXPECT_EQ(failure_of(worker(joined(join_path())), endpoint), HandshakeFailure::mechanism);
}

TEST_F(KeyedCoordinatorTest, ARevocationCutsWhatIsConnected) {
  ASSERT_TRUE(add_worker_key(folder(), "stays", {"tcp://a:1"}, scratch_ / "stays.join").ok());
  KeyGate gate(here_->allowed.get());
  DealerSocket leaver(context_, worker(joined(join_path()))), stayer(context_, worker(joined(scratch_ / "stays.join")));
  DealerSocket pages(context_, worker(joined(join_path())));
  ASSERT_TRUE(leaver.connect(here_->control).ok());
  ASSERT_TRUE(stayer.connect(here_->control).ok());
  ASSERT_TRUE(pages.connect(here_->blob).ok());
  const std::string question = encode(BlobQuestion(BlobRequest{hash_, 0, blob_chunk_max}));
  ASSERT_TRUE(eventually([&] { return pages.send(question) == Delivery::sent; }));
  ASSERT_TRUE(eventually([&] { return pages.receive().has_value(); }));
  std::string leaver_id, stayer_id;
  std::optional<KeyGate::Cut> cut;
  ASSERT_TRUE(eventually([&] { return leaver.send("hello") == Delivery::sent; }));
  const auto first = receive();
  ASSERT_TRUE(first && gate.admits(*first, 1s, cut));
  leaver_id = first->routing;
  ASSERT_TRUE(eventually([&] { return stayer.send("hello") == Delivery::sent; }));
  const auto second = receive();
  ASSERT_TRUE(second && gate.admits(*second, 1s, cut));
  stayer_id = second->routing;
  EXPECT_TRUE(gate.check(2s).empty());
  EXPECT_TRUE(gate.may_send(leaver_id));
  EXPECT_FALSE(gate.may_send("never heard of")) << "nothing goes to a connection nobody was let in on";

  ASSERT_TRUE(revoke_worker_key(folder(), "labor-7").ok());
  std::vector<KeyGate::Cut> cuts;
  TimePoint now = 3s;
  ASSERT_TRUE(eventually([&] { return !(cuts = gate.check(now += 1s)).empty(); }));
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0].connection.routing, leaver_id);
  EXPECT_EQ(cuts[0].reject.code, RejectCode::key);
  EXPECT_EQ(cuts[0].reject.text, "the key of labor-7 has been revoked");
  EXPECT_EQ(cuts[0].reject.retry_after_s, 0) << "fatal";
  EXPECT_FALSE(gate.may_send(leaver_id));
  EXPECT_TRUE(gate.may_send(stayer_id));
  ASSERT_EQ(leaver.send("a result"), Delivery::sent);
  const auto late = receive();
  ASSERT_TRUE(late.has_value());
  cut.reset();
  EXPECT_FALSE(gate.admits(*late, now, cut));
  EXPECT_FALSE(cut.has_value()) << "it was told once";
  ASSERT_EQ(stayer.send("a result"), Delivery::sent);
  const auto good = receive();
  EXPECT_TRUE(good && gate.admits(*good, now, cut));

  const auto refused = here_->blobs->counters().refused;
  ASSERT_EQ(pages.send(question), Delivery::sent);
  ASSERT_TRUE(eventually([&] { return here_->blobs->counters().refused > refused; }));
  EXPECT_FALSE(pages.receive().has_value()) << "no page goes out on the open connection";
}

TEST_F(KeyedCoordinatorTest, WhatTheListCannotSayIsNotFatalToAWorker) {
  KeyGate gate(here_->allowed.get());
  ::chmod(worker_list_file(folder()).c_str(), 0644);
  std::optional<KeyGate::Cut> cut;
  ASSERT_TRUE(eventually([&] {
    return !gate.admits({"id", "x", "192.0.2.7", joined(join_path()).public_key}, 1s, cut) && cut.has_value();
  }));
  EXPECT_GT(cut->reject.retry_after_s, 0);
}

TEST(Listening, RefusesAnOpenAddressWithoutKeys) {
  test::ScratchDir scratch;
  const std::string config = (scratch / "config").string();
  ::setenv("XDG_CONFIG_HOME", config.c_str(), 1);
  const auto told = [](const ListeningOptions& options) -> std::string {
    try {
      return keys_to_use(options) ? "keys" : "plain";
    } catch (const StartupError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(told({}), "plain");
  EXPECT_EQ(told({.bind = "tcp://127.0.0.1:5570"}), "plain");
  EXPECT_NE(told({.bind = "tcp://0.0.0.0:5570"}).find("there are no keys"), std::string::npos);
  EXPECT_EQ(told({.bind = "tcp://0.0.0.0:5570", .insecure = true}), "plain");
  EXPECT_NE(told({.keys = scratch / "none"}).find("ocrscreen keys init --keys"), std::string::npos);
  ASSERT_TRUE(create_key_folder(default_key_folder()).ok());
  EXPECT_EQ(told({.bind = "tcp://0.0.0.0:5570"}), "keys") << "the usual folder is found by itself";
  EXPECT_EQ(told({.bind = "tcp://127.0.0.1:5570"}), "plain");
  EXPECT_EQ(told({.bind = "tcp://127.0.0.1:5570", .keys = default_key_folder()}), "keys");
  EXPECT_EQ(told({.keys = default_key_folder(), .insecure = true}), "--keys and --insecure: say one of them");
  ::chmod((default_key_folder() / "server.key").c_str(), 0604);
  EXPECT_NE(told({.bind = "tcp://0.0.0.0:5570"}).find("chmod 600"), std::string::npos) << "never plain instead";
  ::unsetenv("XDG_CONFIG_HOME");
}

}  // namespace
}  // namespace ocrs

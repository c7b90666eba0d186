#include "coordinator/io/fleet_hosts.hpp"

#include <gtest/gtest.h>

namespace ocrs {
namespace {

TEST(FleetHosts, ReadsAddressesDefaultsAndOptions) {
  const auto hosts = parse_fleet_hosts(
      "# lab\r\n* join=lab.join slots=4\nana@lab-1:2222 gpu=off  # the old one\n[fe80::1%eth0]:22 name=six "
      "join=/k/six.join\nlab-3\n",
      "/etc/fleet/hosts.txt");
  ASSERT_TRUE(hosts) << hosts.error().text;
  ASSERT_EQ(hosts->size(), 3u);
  EXPECT_EQ((*hosts)[0].user, "ana");
  EXPECT_EQ((*hosts)[0].host, "lab-1");
  EXPECT_EQ((*hosts)[0].port, 2222);
  EXPECT_EQ((*hosts)[0].gpu, "off");
  EXPECT_EQ((*hosts)[0].join, "/etc/fleet/lab.join");
  EXPECT_EQ((*hosts)[0].name, "ana_lab_1_2222");
  EXPECT_EQ((*hosts)[1].host, "fe80::1%eth0");
  EXPECT_EQ((*hosts)[1].join, "/k/six.join");
  EXPECT_EQ((*hosts)[1].name, "six");
  EXPECT_EQ((*hosts)[2].slots, "4");
  EXPECT_FALSE((*hosts)[2].port);
}

TEST(FleetHosts, RefusesWhatSshOrAShellCouldMisread) {
  for (const char* line : {"-oProxyCommand=x", "a@-b", "lab;reboot", "lab:0", "lab:65536", "lab:2x", "lab:", "@lab",
                           "[::1", "[::1]22", "lab x", "lab slots=0", "lab slots=", "lab gpu=maybe", "lab name=../x",
                           "lab connect=tcp://*:1", "lab connect=tcp://h:0", "lab\x1b", "$(id)"}) {
    const auto hosts = parse_fleet_hosts(line, "h.txt");
    ASSERT_FALSE(hosts) << line;
    EXPECT_EQ(hosts.error().text.rfind("h.txt:1: ", 0), 0u) << hosts.error().text;
  }
}

TEST(FleetHosts, TellsAllWrongLinesAtOnce) {
  const auto hosts = parse_fleet_hosts("a b\nok\nok\n", "h");
  ASSERT_FALSE(hosts);
  EXPECT_NE(hosts.error().text.find("h:1: "), std::string::npos);
  EXPECT_NE(hosts.error().text.find("h:3: ok comes twice"), std::string::npos);
}

TEST(FleetScript, QuotesWhateverAValueHolds) {
  EXPECT_EQ(shell_quoted("it's $HOME`x`"), "'it'\\''s $HOME`x`'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(FleetVerdict, SaysJoinedWithVersionsSlotsAndGpu) {
  const auto verdict = fleet_verdict(FleetVerb::start,
                                     "Welcome to lab-1!\nocrscreen-fleet version 0.1.0\nocrscreen-fleet doctor "
                                     "{\"engine\": {\"tesseract\": \"5.3.0\", "
                                     "\"opencv\": \"4.6.0\"}, \"devices\": [], \"slots\": [1, 2]}\nocrscreen-fleet "
                                     "running 7\nocrscreen-fleet joined yes\n");
  EXPECT_EQ(verdict,
            (FleetVerdict{true, "joined (ocrscreen-worker 0.1.0, Tesseract 5.3.0, OpenCV 4.6.0, 2 slots, no GPU)"}));
}

TEST(FleetVerdict, SaysWhyNotAndHidesWhatATerminalWouldActOn) {
  EXPECT_EQ(fleet_verdict(FleetVerb::start, "ocrscreen-fleet refused no\x1b[2J\n"), (FleetVerdict{false, "no [2J"}));
  EXPECT_EQ(fleet_verdict(FleetVerb::start, "ocrscreen-fleet ended bad key\n"),
            (FleetVerdict{false, "not running: bad key"}));
  EXPECT_EQ(fleet_verdict(FleetVerb::status, "ocrscreen-fleet running 7\nocrscreen-fleet log \n"),
            (FleetVerdict{false, "runs, not joined: no word of the coordinator yet"}));
  EXPECT_EQ(fleet_verdict(FleetVerb::status, "motd only\n"),
            (FleetVerdict{false, "reached, but its shell gave no answer"}));
  EXPECT_FALSE(fleet_verdict(FleetVerb::start, "ocrscreen-fleet version 1\nocrscreen-fleet doctor [[[\n").good);
}

}  // namespace
}  // namespace ocrs

// SPDX-License-Identifier: GPL-2.0-only
// What `netatop doctor` finds on hosts that are made of files.
#include "doctor.h"

#include "fake_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace netatop::test {

namespace {

namespace fs = std::filesystem;

class DoctorTest : public ::testing::Test {
protected:
    DoctorTest() : root_(fs::temp_directory_path() / "netatop-host-XXXXXX") {
        if (::mkdtemp(root_.data()) == nullptr)
            throw std::runtime_error("mkdtemp");
        host_.root = root_;
        host_.release = "6.1.0-50-amd64";
        host_.connect = kernel_.connect();
        file("/lib/modules/6.1.0-50-amd64/kernel/x");
        file("/usr/src/netatop-" NETATOP_VERSION "/dkms.conf");
    }
    ~DoctorTest() override { fs::remove_all(root_); }
    void file(const std::string& path, const std::string& text = "\n") const {
        fs::create_directories(fs::path(root_ + path).parent_path());
        std::ofstream(root_ + path) << text;
    }
    void remove(const std::string& path) const { fs::remove_all(root_ + path); }
    void with_module() const {
        file("/lib/modules/6.1.0-50-amd64/updates/dkms/netatop.ko.xz");
        file("/sys/module/netatop/version", NETATOP_VERSION "\n");
        file("/sys/module/netatop/parameters/max_sockets", "1000\n");
        file("/sys/module/netatop/parameters/max_tasks", "1000\n");
        status(12, 0);
    }
    void status(unsigned sockets, unsigned overflow, const char* accounting = "on",
                unsigned dropped = 0) const {
        file("/proc/netatop", "#sockinfo:    " + std::to_string(sockets) +
                                  " (overflow:    " + std::to_string(overflow) +
                                  ")\n#taskinfo:  3 (overflow:  0)\nexits dropped: " +
                                  std::to_string(dropped) + "\naccounting: " + accounting + "\n");
    }
    std::vector<Finding> all() {
        kernel_.script({family()});
        auto findings = examine_kernels(host_);
        for (const auto& examine : {examine_counting, examine_programs})
            for (auto& finding : examine(host_))
                findings.push_back(std::move(finding));
        return findings;
    }
    Finding about(const std::string& what) {
        for (auto& finding : all())
            if (finding.about == what)
                return finding;
        return {"", State::good, "nothing is said of " + what, "nothing"};
    }

    std::string root_;
    FakeKernel kernel_;
    Host host_;
};

} // namespace

TEST_F(DoctorTest, NothingIsWrong) {
    with_module();
    for (const auto& finding : all())
        EXPECT_NE(finding.state, State::wrong) << finding.about << ": " << finding.text;
    EXPECT_EQ(about("module").state, State::good);
    EXPECT_EQ(about("kernel 6.1.0-50-amd64").state, State::good);
    EXPECT_EQ(about("table of sockets").text, "12 of 1000");
}

TEST_F(DoctorTest, WhyThereIsNoModule) {
    EXPECT_EQ(about("module").next, "see kernel 6.1.0-50-amd64");
    EXPECT_EQ(about("kernel 6.1.0-50-amd64").next, "apt install linux-headers-6.1.0-50-amd64");
    file("/lib/modules/6.1.0-50-amd64/build/Makefile");
    const auto failed = about("kernel 6.1.0-50-amd64");
    EXPECT_EQ(failed.state, State::wrong);
    EXPECT_EQ(failed.next.rfind("dkms install netatop/" NETATOP_VERSION " -k 6.1.0-50-amd64", 0),
              0U)
        << failed.next;
    remove("/usr/src/netatop-" NETATOP_VERSION);
    EXPECT_EQ(about("kernel 6.1.0-50-amd64").next, "apt install netatop-dkms");
}

TEST_F(DoctorTest, AnotherKernelIsOnlyNoted) {
    with_module();
    file("/lib/modules/6.12.1-amd64/kernel/x");
    fs::create_directories(root_ + "/lib/modules/5.10.0-amd64/build"); // a kernel that was removed
    EXPECT_EQ(about("kernel 6.12.1-amd64").state, State::note);
    EXPECT_EQ(about("kernel 5.10.0-amd64").next, "nothing");
}

TEST_F(DoctorTest, InAContainer) {
    host_.release = "6.5.0";
    EXPECT_NE(about("kernel 6.5.0").next.find("container"), std::string::npos);
}

TEST_F(DoctorTest, NotLoaded) {
    with_module();
    remove("/sys/module/netatop");
    EXPECT_EQ(about("module").next, "modprobe netatop");
    EXPECT_EQ(about("netlink").next, "nothing");
    file("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
    EXPECT_NE(about("module").next.find("mokutil --import"), std::string::npos);
    file("/sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    EXPECT_EQ(about("module").next, "modprobe netatop");
    file("/sys/module/module/parameters/sig_enforce", "Y\n");
    EXPECT_NE(about("module").next.find("mokutil --import"), std::string::npos);
}

TEST_F(DoctorTest, AnotherVersion) {
    with_module();
    file("/sys/module/netatop/version", "1.0\n");
    EXPECT_EQ(about("module").state, State::wrong);
    EXPECT_NE(about("module").next.find("modprobe -r netatop"), std::string::npos);
}

TEST_F(DoctorTest, HowItFares) {
    with_module();
    status(950, 0);
    EXPECT_EQ(about("table of sockets").state, State::note);
    status(12, 7);
    EXPECT_EQ(about("table of sockets").text, "12 of 1000; there was no room 7 times");
    EXPECT_EQ(about("table of sockets").next.rfind("echo 2000 >", 0), 0U);
    status(12, 0, "off");
    EXPECT_EQ(about("accounting").state, State::wrong);
    status(12, 0, "on", 3);
    EXPECT_EQ(about("ended processes").state, State::note);
}

TEST_F(DoctorTest, Programs) {
    EXPECT_EQ(about("netatopd").state, State::note);
    file("/proc/7/stat", "7 (netatopd) S 1 7 7 0");
    EXPECT_EQ(about("netatopd").state, State::good);
    file("/proc/8/stat", "8 (netatop-bpf) S 1 8 8 0");
    EXPECT_EQ(about("netatop-bpf").state, State::note);
    EXPECT_EQ(about("atop").state, State::good);
    file("/usr/bin/atop");
    EXPECT_EQ(about("atop").state, State::note);
    file("/etc/default/atop", "LOGOPTS=\"\"\n# LOGOPTS=\"-K\"\n");
    EXPECT_EQ(about("atop").state, State::note);
    file("/etc/default/atop", "LOGOPTS=\"-R -K\"\n");
    EXPECT_EQ(about("atop").state, State::good);
    EXPECT_EQ(about("rights").state, State::note);
}

TEST(Doctor, AsText) {
    const std::vector<Finding> findings{{"module", State::wrong, "a\033b", "do \"it\""},
                                        {"x", State::good, "well", ""}};
    EXPECT_EQ(findings_text(findings, false, false), "wrong module a?b\n"
                                                     "             next: do \"it\"\n"
                                                     "good  x      well\n");
    EXPECT_EQ(findings_text(findings, false, true).rfind("\033[31mwrong\033[0m module ", 0), 0U);
    EXPECT_EQ(findings_text(findings, true, true),
              "{\"about\":\"module\",\"state\":\"wrong\",\"text\":\"a\\u001bb\",\"next\":\"do "
              "\\\"it\\\"\"}\n"
              "{\"about\":\"x\",\"state\":\"good\",\"text\":\"well\",\"next\":null}\n");
}

} // namespace netatop::test

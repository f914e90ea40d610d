using Xunit;

namespace Callwatch.Server.Tests.Cli;

public sealed class CommandLineTests
{
    public static TheoryData<string> Asking => ["status", "send-test", "tail", "calls", "trace 00", "stats", "lookup 00", "export"];

    [Theory]
    [MemberData(nameof(Asking))]
    public async Task Without_a_server_a_command_says_so_and_ends_with_1(string command)
    {
        var (code, output, error) = await CallwatchProcess.RunAsync([.. command.Split(' '), "--server", "http://127.0.0.1:1"]);
        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Contains("cannot reach http://127.0.0.1:1/", error);
        Assert.Contains("callwatch serve", error);
    }

    [Theory]
    [InlineData("status --server nowhere", "nowhere")]
    [InlineData("calls --limt 5", "--limt")]
    [InlineData("calls --last soon", "--last")]
    [InlineData("calls --last 1h --from 2026-09-17T12:00:00Z", "--last")]
    [InlineData("export --format xml", "xml")]
    [InlineData("send-test --timeout never", "--timeout")]
    [InlineData("trace", "argument")]
    [InlineData("backup --verfy", "--verfy")]
    [InlineData("lookup --nope", "--nope")]
    public async Task Misuse_is_named_and_ends_with_2(string arguments, string named)
    {
        var (code, output, error) = await CallwatchProcess.RunAsync(arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(named, error);
    }

    [Theory]
    [MemberData(nameof(Asking))]
    public async Task Every_command_explains_itself(string command)
    {
        var (code, output, _) = await CallwatchProcess.RunAsync([command.Split(' ')[0], "--help"]);
        Assert.Equal(0, code);
        Assert.Contains("Usage:", output);
        Assert.Contains("--server", output);
    }

    [Fact]
    public async Task Whatever_asks_a_server_can_answer_in_json_and_explains_itself()
    {
        var (_, all, _) = await CallwatchProcess.RunAsync(["--help"]);
        string[] commands = [.. Asking.Select(row => row.Data.Split(' ')[0]), "keys list", "keys create", "keys revoke", "destinations kinds", "destinations list", "destinations add", "destinations change", "destinations check", "destinations status", "destinations pause",
            "destinations resume", "destinations replay", "destinations dead-letters", "destinations remove", "reindex", "reprice", "readers continue", "doctor", "backup", "restore", "demo"];
        foreach (var command in commands)
        {
            var (code, output, _) = await CallwatchProcess.RunAsync([.. command.Split(' '), "--help"]);
            Assert.Equal(0, code);
            Assert.Contains("Usage:", output);
            Assert.Contains("--json", output);
            Assert.Contains("  " + command.Split(' ')[0], all);
        }
    }

    [Fact]
    public async Task The_address_may_come_from_the_environment()
    {
        var (code, _, error) = await CallwatchProcess.RunAsync(["status"], ("CALLWATCH_URL", "http://127.0.0.1:2/base"));
        Assert.Equal(1, code);
        Assert.Contains("http://127.0.0.1:2/base/", error);
    }
}

using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Destinations;

/// <summary>Settings of what goes out, and of secrets, that are wrong: a line with the cure, and nothing lost by it.</summary>
public sealed class StartLineTests : IDisposable
{
    private readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("Callwatch__Forward__AllowPrivateAddresses", "10.0.0.0/8, home", "Callwatch:Forward:AllowPrivateAddresses holds \"home\", which is no range. Give true, false, or addresses and ranges with commas, as in 10.0.0.0/8, 127.0.0.1.")]
    [InlineData("Callwatch__Forward__Proxy", "anna:hunter2@proxy", "Callwatch:Forward:Proxy is no address of a proxy. Write http://HOST:PORT.")]
    [InlineData("Callwatch__Secrets__MasterKey", "too-short-a-key", "Callwatch:Secrets:MasterKey is not base64 of 32 bytes. Make one with: openssl rand -base64 32.")]
    [InlineData("Callwatch__Secrets__MasterKeyFile", "/nowhere/at/all", "Callwatch:Secrets:MasterKeyFile gives no master key. /nowhere/at/all is missing. Put it back from where it is kept: no backup holds it.")]
    public async Task A_wrong_setting_ends_the_start_with_a_line_and_the_next_start_is_the_first(string name, string value, string line)
    {
        var (code, output, error) = await CallwatchProcess.RunAsync(["serve", "--data", folder.Path, "--urls", "http://127.0.0.1:0", "--grpc-port", "0"], (name, value));
        Assert.Equal((2, "", "callwatch: " + line), (code, output, error.Trim()));
        Assert.False(File.Exists(folder.At("admin.key")));
        await using var server = await CallwatchProcess.ServeAsync(folder.Path);
        Assert.Contains("(sends to the app default; shown this once.", server.Output, StringComparison.Ordinal);
    }
}

using System.Net;
using System.Net.Sockets;
using Callwatch.Forward;
using Callwatch.Forward.Outbound;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Tests.Forward.Outbound;

/// <summary>Where requests may go.</summary>
public sealed class OutboundGuardTests
{
    private readonly ManualTime time = new();

    [Theory]
    [InlineData("8.8.8.8", "Public")]
    [InlineData("172.15.255.255", "Public")]
    [InlineData("172.32.0.0", "Public")]
    [InlineData("100.63.255.255", "Public")]
    [InlineData("100.128.0.0", "Public")]
    [InlineData("169.253.255.255", "Public")]
    [InlineData("192.0.1.1", "Public")]
    [InlineData("198.20.0.0", "Public")]
    [InlineData("223.255.255.255", "Public")]
    [InlineData("2606:4700:4700::1111", "Public")]
    [InlineData("2a00:1450:4001:81b::200e", "Public")]
    [InlineData("::ffff:8.8.8.8", "Public")]
    [InlineData("64:ff9b::8.8.8.8", "Public")]
    [InlineData("2002:808:808::1", "Public")]
    [InlineData("127.0.0.1", "Private")]
    [InlineData("127.255.255.254", "Private")]
    [InlineData("10.0.0.1", "Private")]
    [InlineData("172.16.0.1", "Private")]
    [InlineData("172.31.255.255", "Private")]
    [InlineData("192.168.1.1", "Private")]
    [InlineData("169.254.169.254", "Private")]
    [InlineData("100.64.0.1", "Private")]
    [InlineData("100.127.255.255", "Private")]
    [InlineData("192.0.0.192", "Private")]
    [InlineData("198.18.0.1", "Private")]
    [InlineData("::1", "Private")]
    [InlineData("fe80::1", "Private")]
    [InlineData("fe80::1%1", "Private")]
    [InlineData("fec0::1", "Private")]
    [InlineData("fc00::1", "Private")]
    [InlineData("fd00:ec2::254", "Private")]
    [InlineData("::ffff:127.0.0.1", "Private")]
    [InlineData("::ffff:10.1.2.3", "Private")]
    [InlineData("::ffff:0:169.254.169.254", "Private")]
    [InlineData("::127.0.0.1", "Private")]
    [InlineData("64:ff9b::169.254.169.254", "Private")]
    [InlineData("64:ff9b:1::1", "Private")]
    [InlineData("2002:7f00:1::1", "Private")]
    [InlineData("2002:a9fe:a9fe::", "Private")]
    [InlineData("fc00::5efe:8.8.8.8", "Private")]
    [InlineData("0.0.0.0", "Nobody")]
    [InlineData("0.1.2.3", "Nobody")]
    [InlineData("192.0.2.1", "Nobody")]
    [InlineData("203.0.113.9", "Nobody")]
    [InlineData("224.0.0.1", "Nobody")]
    [InlineData("239.255.255.255", "Nobody")]
    [InlineData("255.255.255.255", "Nobody")]
    [InlineData("240.0.0.1", "Nobody")]
    [InlineData("::", "Nobody")]
    [InlineData("::ffff:0.0.0.0", "Nobody")]
    [InlineData("ff02::1", "Nobody")]
    [InlineData("2001:db8::1", "Nobody")]
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2", "Nobody")]
    [InlineData("100::1", "Nobody")]
    [InlineData("4000::1", "Nobody")]
    public void Every_address_has_its_class(string address, string expected) => Assert.Equal(expected, Addresses.ClassOf(IPAddress.Parse(address)).ToString());

    [Theory]
    [InlineData("https://127.0.0.1", false)]
    [InlineData("https://2130706433", false)]
    [InlineData("https://0x7f.1", false)]
    [InlineData("https://[::ffff:7f00:1]", false)]
    [InlineData("https://localhost", false)]
    [InlineData("https://LOCALHOST.", false)]
    [InlineData("https://a.localhost:8443", false)]
    [InlineData("https://inside.example", false)]
    [InlineData("https://both.example", false)]
    [InlineData("https://outside.example", true)]
    [InlineData("http://outside.example", false)]
    [InlineData("https://unknown.example", true)]
    public async Task Addresses_are_looked_at_before_anything_is_saved(string address, bool mayPass)
    {
        var objection = await Guard("false").ObjectionAsync(new Uri(address), TestContext.Current.CancellationToken);
        Assert.Equal(mayPass, objection is null);
        if (!mayPass && address.Contains("inside", StringComparison.Ordinal))
        {
            Assert.Contains("Callwatch:Forward:AllowPrivateAddresses", objection, StringComparison.Ordinal);
            Assert.DoesNotContain("10.1.2.3", objection, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("true", "http://127.0.0.1", true)]
    [InlineData("true", "http://inside.example", true)]
    [InlineData("TRUE", "https://169.254.169.254", true)]
    [InlineData("true", "https://0.0.0.0", false)]
    [InlineData("true", "https://224.0.0.1", false)]
    [InlineData("true", "http://outside.example", false)]
    [InlineData("127.0.0.1", "http://127.0.0.1", true)]
    [InlineData("127.0.0.1", "http://127.0.0.2", false)]
    [InlineData("127.0.0.1", "http://localhost", true)]
    [InlineData("::1", "http://a.localhost", true)]
    [InlineData("10.0.0.0/8", "http://localhost", false)]
    [InlineData("10.0.0.0/8, fd00::/8", "http://inside.example", true)]
    [InlineData("10.9.9.9/8", "http://inside.example", true)]
    [InlineData("10.0.0.0/8, fd00::/8", "https://[fd00::1]", true)]
    [InlineData("10.0.0.0/8", "https://[::ffff:10.0.0.1]", true)]
    [InlineData("10.0.0.0/8", "https://[64:ff9b::10.0.0.1]", true)]
    [InlineData("10.0.0.0/8", "http://192.168.0.1", false)]
    public async Task Private_addresses_pass_where_the_setting_allows_them_and_plain_http_to_them_too(string setting, string address, bool mayPass) =>
        Assert.Equal(mayPass, await Guard(setting).ObjectionAsync(new Uri(address), TestContext.Current.CancellationToken) is null);

    [Theory]
    [InlineData("yes")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/-1")]
    [InlineData("1")]
    [InlineData("10.0.0.0/8, nonsense")]
    public void A_setting_that_is_no_range_refuses_the_start_with_the_cure(string setting)
    {
        var result = new ForwardOptionsRules().Validate(null, new ForwardOptions { AllowPrivateAddresses = setting });
        Assert.Contains("Callwatch:Forward:AllowPrivateAddresses holds", result.FailureMessage, StringComparison.Ordinal);
        Assert.Contains("as in 10.0.0.0/8, 127.0.0.1", result.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_proxy_is_refused_without_its_password()
    {
        var result = new ForwardOptionsRules().Validate(null, new ForwardOptions { Proxy = "anna:hunter2@proxy" });
        Assert.Contains("Callwatch:Forward:Proxy", result.FailureMessage, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.FailureMessage, StringComparison.Ordinal);
        Assert.True(new ForwardOptionsRules().Validate(null, new ForwardOptions { Proxy = "http://anna:hunter2@proxy:3128" }).Succeeded);
    }

    private OutboundGuard Guard(string setting) => new(AllowedRanges.Read(setting, out _)!, time, Resolve);

    private static Task<IPAddress[]> Resolve(string host, CancellationToken cancel) => host switch
    {
        "inside.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("10.1.2.3")]),
        "outside.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8"), IPAddress.Parse("2606:4700:4700::1111")]),
        "both.example" => Task.FromResult<IPAddress[]>([IPAddress.Parse("8.8.8.8"), IPAddress.Parse("fe80::1")]),
        _ => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)),
    };
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Server.Tests.Cli;

public sealed class ServeTests
{
    [Fact]
    public async Task Says_where_to_look_where_to_send_and_where_the_data_is()
    {
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(folder.Path);
        Assert.Contains($"Dashboard   {server.Url}", server.Output);
        Assert.Equal("127.0.0.1", server.GrpcUrl.Host);
        Assert.Contains($"Data        {folder.Path}", server.Output);
        Assert.Equal("", server.Error);
    }

    [Fact]
    public async Task Sigterm_ends_it_with_0_within_10_seconds()
    {
        using var folder = new TempFolder();
        var begun = Stopwatch.GetTimestamp();
        await using var server = await CallwatchProcess.ServeAsync(folder.Path);
        var start = Stopwatch.GetElapsedTime(begun);
        await server.TerminateAsync();
        // And what a machine takes that needs longer than seconds to start it.
        Assert.Equal(0, await server.ExitAsync(TimeSpan.FromSeconds(30) + (start * 20)));
    }

    [Fact]
    public async Task A_data_folder_in_use_is_refused_in_one_line()
    {
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(folder.Path);
        await RefusedAsync(["--data", folder.Path], "in use by another callwatch", "--data");
    }

    [Fact]
    public async Task A_data_folder_of_a_killed_server_is_free_again()
    {
        using var folder = new TempFolder();
        await using (var killed = await CallwatchProcess.ServeAsync(folder.Path)) await killed.KillAsync();
        await using var next = await CallwatchProcess.ServeAsync(folder.Path);
    }

    [Fact]
    public async Task A_data_folder_of_a_newer_program_is_refused()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.At("format"), "7\n", TestContext.Current.CancellationToken);
        await RefusedAsync(["--data", folder.Path], "newer callwatch", "--data");
        Assert.Equal("7\n", await File.ReadAllTextAsync(folder.At("format"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_is_refused()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder.At("file"), "", TestContext.Current.CancellationToken);
        await RefusedAsync(["--data", folder.At("file")], "cannot be written", "--data");
        await RefusedAsync(["--data", folder.At("file", "below")], "cannot be written", "--data");
    }

    [Theory]
    [InlineData("--urls http://127.0.0.1:{0} --grpc-port off", "--urls")]
    [InlineData("--urls http://127.0.0.1:0 --grpc-port {0}", "--grpc-port")]
    public async Task A_port_in_use_is_refused_with_the_flag_that_changes_it(string arguments, string flag)
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await RefusedAsync(["--data", folder.Path, .. string.Format(arguments, port).Split(' ')], $"http://127.0.0.1:{port} is in use", flag);
    }

    [Theory]
    [InlineData("Callwatch__Http__Urls", "4318")]
    [InlineData("Callwatch__Http__Urls", "http://example.org:4318")]
    [InlineData("Callwatch__Http__Urls", "http://127.0.0.1:99999")]
    [InlineData("Callwatch__Http__Urls", "https://127.0.0.1:0", "Callwatch:Http:CertificateFile")]
    [InlineData("Callwatch__Http__GrpcPort", "none")]
    [InlineData("Callwatch__Http__GrpcPort", "70000")]
    [InlineData("Callwatch__Http__PathBase", "callwatch")]
    [InlineData("Callwatch__Http__DrainTime", "soon")]
    [InlineData("Callwatch__Http__DrainTime", "00:00:30")]
    [InlineData("Callwatch__Http__KnownProxies", "somewhere")]
    [InlineData("Callwatch__Http__GrpcPrt", "4317", "GrpcPort")]
    [InlineData("Callwatch__Access__TrustLoopback", "perhaps")]
    [InlineData("Callwatch__Access__AdminKeyFile", "/nowhere/key")]
    [InlineData("Callwatch__Journal__SegmentBytes", "5")]
    [InlineData("Callwatch__Journal__MaxAge", "long")]
    [InlineData("Callwatch__Receive__MaxSpans", "0")]
    [InlineData("Callwatch__Control__MaxAppsPerTenant", "-1")]
    [InlineData("CALLWATCH_ADMIN_KEY", "cw_short")]
    public async Task A_bad_setting_is_refused_by_its_full_name(string variable, string value, string? named = null)
    {
        using var folder = new TempFolder();
        var (code, output, error) = await CallwatchProcess.RunAsync(["serve", "--data", folder.Path], (variable, value));
        Assert.Equal(2, code);
        Assert.Equal("", output);
        Assert.Contains(named ?? variable.Replace("__", ":"), Assert.Single(error.TrimEnd().Split('\n')));
    }

    [Fact]
    public async Task A_blank_variable_counts_as_unset()
    {
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(folder.Path, [], ("Callwatch__Http__DrainTime", ""), ("Callwatch__Http__PathBase", "  "));
    }

    [Fact]
    public async Task The_command_line_goes_before_the_environment()
    {
        using var folder = new TempFolder();
        await using var server = await CallwatchProcess.ServeAsync(
            folder.Path, ["--grpc-port", "0", "--Callwatch:Http:DrainTime", "00:00:02"], ("Callwatch__Http__GrpcPort", "none"), ("Callwatch__Http__DrainTime", "x"));
        Assert.NotEqual(0, server.GrpcUrl.Port);
    }

    [Fact]
    public async Task Https_needs_a_certificate_file_and_speaks_http_2_on_the_same_port()
    {
        using var folder = new TempFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        var wish = new CertificateRequest("CN=callwatch", key, HashAlgorithmName.SHA256) { CertificateExtensions = { names.Build() } };
        using var certificate = wish.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        await File.WriteAllTextAsync(folder.At("server.pem"), certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.At("server.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        await using var server = await CallwatchProcess.ServeAsync(
            folder.At("data"),
            [],
            ("Callwatch__Http__Urls", "https://127.0.0.1:0"), ("Callwatch__Http__CertificateFile", folder.At("server.pem")), ("Callwatch__Http__CertificateKeyFile", folder.At("server.key")));
        Assert.Equal("https", server.Url.Scheme);
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { certificate }, RevocationMode = X509RevocationMode.NoCheck };
        using var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust } };
        using var http = new HttpClient(handler) { BaseAddress = server.Url, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await http.GetAsync(new Uri("sign-in", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("serve --dta x", "--dta")]
    [InlineData("srve", "srve")]
    [InlineData("serve --Callwatch:Http:Urls", "--Callwatch:Http:Urls")]
    public async Task A_wrong_command_line_ends_with_2_and_points_at_the_help(string arguments, string named)
    {
        var (code, _, error) = await CallwatchProcess.RunAsync(arguments.Split(' '));
        Assert.Equal(2, code);
        Assert.Contains(named, error);
        Assert.Contains("--help", error);
    }

    private static async Task RefusedAsync(IEnumerable<string> arguments, params string[] says)
    {
        var (code, output, error) = await CallwatchProcess.RunAsync(["serve", .. arguments], ("Callwatch__Http__Urls", "http://127.0.0.1:0"), ("Callwatch__Http__GrpcPort", "0"));
        Assert.Equal(2, code);
        Assert.Equal("", output);
        var line = Assert.Single(error.TrimEnd().Split('\n'));
        foreach (var text in says) Assert.Contains(text, line);
    }
}

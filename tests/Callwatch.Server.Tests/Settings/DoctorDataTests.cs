using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Forward.Desk;
using Callwatch.Query;
using Callwatch.Server.Tests.Access;
using Callwatch.Server.Tests.Reading;
using Callwatch.Server.Tests.Receive;
using Callwatch.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Callwatch.Server.Tests.Settings;

/// <summary>What the doctor says of what is sent, and what goes to support of it.</summary>
public sealed class DoctorDataTests
{
    private const string Canary = "canary-4711-of-a-prompt";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_names_who_keeps_prompts_back_what_has_no_price_and_what_is_not_understood()
    {
        var time = new ManualTime();
        await using var server = await ServerAsync(time);
        await SendAsync(server, Calls("quiet", 12, ("gen_ai.request.model", "gpt-4o")));
        await SendAsync(server, Calls("dear", 12, 6_000, ("gen_ai.request.model", "nobodys-model-9"), ("gen_ai.usage.input_tokens", 10), ("gen_ai.usage.output_tokens", 10)));
        await SendAsync(server, Resource("odd").Holding(A.Span("step").Trace(9_000).Id(1).At(0, 100).With(("acme.prompt.text", "hello"), ("acme.model_name", "x"))));
        var findings = await ExamineAsync(server);
        Assert.Contains(findings, finding => finding.Check == "messages" && finding.What.Contains("quiet sends no prompts and answers: 12 of its last 12", StringComparison.Ordinal));
        Assert.Contains("nobodys-model-9", Of("prices").What, StringComparison.Ordinal);
        Assert.Contains(findings, finding => finding.Check == "conventions" && finding.What.Contains("say no token counts", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Check == "conventions" && finding.What.Contains("Spans of odd look like model calls", StringComparison.Ordinal) && finding.What.Contains("acme.prompt.text", StringComparison.Ordinal));
        Assert.All(findings.Where(finding => finding.Level != FindingLevel.Fine), finding => Assert.NotNull(finding.Cure));
        Assert.Equal(FindingLevel.Fine, Of("senders").Level);

        Finding Of(string check) => findings.First(finding => finding.Check == check);
    }

    [Fact]
    public async Task Who_sent_at_this_time_yesterday_and_sends_nothing_now_is_named()
    {
        var time = new ManualTime();
        await using var server = await ServerAsync(time);
        await SendAsync(server, Calls("shop", 15, ("gen_ai.request.model", "gpt-4o")));
        time.Advance(TimeSpan.FromHours(25.5));
        await SendAsync(server, Resource("desk").Holding(A.Span("chat").Trace(77).Id(1).At(0, 10)));
        var silent = (await ExamineAsync(server)).Where(finding => finding.Check == "senders").ToList();
        Assert.Contains("shop has sent no call for 2", Assert.Single(silent).What, StringComparison.Ordinal);
        Assert.Equal("/calls?app=shop&from=-7d", silent[0].Page);
    }

    [Fact]
    public async Task A_well_instance_has_nothing_to_do_and_every_check_is_there()
    {
        await using var server = await RunningServer.StartAsync();
        await Dashboard.Browser.DestinationSite.UntilAsync(() => server.Services.GetRequiredService<SystemQueries>().Ready().Ready, "ready");
        var findings = await ExamineAsync(server);
        // How full the disk is, is this machine's own.
        Assert.All(findings.Where(finding => finding.Check != "disk"), finding => Assert.Equal(FindingLevel.Fine, finding.Level));
        foreach (var check in new[] { "settings", "clock", "ports", "disk", "keys", "endpoints", "backlog", "senders", "messages", "prices", "conventions" })
            Assert.Contains(findings, finding => finding.Check == check);
    }

    [Fact]
    public async Task A_bundle_holds_no_content_no_secret_and_no_name()
    {
        var time = new ManualTime();
        await using var server = await RunningServer.StartAsync(
            settings: [("Callwatch:Forward:AllowPrivateAddresses", "127.0.0.1"), ("Callwatch:Secrets:PreviousMasterKey", null), ("Callwatch:Store:BatchDelay", "00:00:00"), ("Callwatch:Http:AllowedHosts", "127.0.0.1," + Canary + "-host")],
            services: services => services.AddSingleton<TimeProvider>(time));
        var secret = Key.Make(server, KeyScopes.Admin | KeyScopes.Operator);
        var answer = await server.Services.GetRequiredService<IDestinationDesk>().CreateAsync(
            Tenants.DefaultId,
            new DestinationWish { Name = Canary + "-lake", Kind = "otlp", Config = new JsonObject { ["endpoint"] = "http://127.0.0.1:9/" + Canary, ["headers"] = new JsonObject { ["Authorization"] = Canary + "-key" } } },
            Canary + "-person", Cancel);
        Assert.IsType<DestinationAnswer.Done>(answer);
        await SendAsync(server, Calls(
            Canary + "-app", 12, ("gen_ai.request.model", Canary + "-model"), ("user.id", Canary + "-user"), (Canary + "-attribute", "x"),
            ("gen_ai.input.messages", """[{"role":"user","parts":[{"type":"text","content":"canary-4711-of-a-prompt"}]}]""")));
        await SendAsync(server, Resource(Canary + "-odd").Holding(A.Span(Canary + "-span").Trace(9_000).Id(1).At(0, 100).With((Canary + ".prompt", "x"))));

        using var request = Key.With(secret, HttpMethod.Get, "/api/v1/doctor/bundle?deep=true");
        using var response = await server.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var zip = new ZipArchive(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal(["README.txt", "counters.json", "doctor.json", "log.txt", "settings.json", "system.json", "version.json"], zip.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        foreach (var entry in zip.Entries)
        {
            using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
            var text = await reader.ReadToEndAsync(Cancel);
            Assert.NotEqual("", text.Trim());
            Assert.False(text.Contains("canary", StringComparison.OrdinalIgnoreCase), entry.FullName + ": " + text);
            foreach (var key in new[] { secret, Key.AdminOf(server), (await File.ReadAllTextAsync(Path.Combine(server.DataFolder, "master.key"), Cancel)).Trim() }) Assert.DoesNotContain(key, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_bundle_is_the_operators_alone()
    {
        await using var server = await RunningServer.StartAsync();
        using var request = Key.With(Key.Make(server, KeyScopes.Admin), HttpMethod.Get, "/api/v1/doctor/bundle");
        Assert.Equal(HttpStatusCode.Forbidden, (await server.Http.SendAsync(request, Cancel)).StatusCode);
    }

    private static Task<RunningServer> ServerAsync(ManualTime time) => RunningServer.StartAsync(settings: [("Callwatch:Store:BatchDelay", "00:00:00")], services: services => services.AddSingleton<TimeProvider>(time));

    private static Task<IReadOnlyList<Finding>> ExamineAsync(RunningServer server) =>
        server.Services.GetRequiredService<DoctorOfItself>().ExamineAsync(deep: false, new ReadScope(Tenants.DefaultId), Cancel);

    private static ResourceBuilder Resource(string app) => A.Resource(app);

    private static ResourceBuilder Calls(string app, int count, params (string, object?)[] attributes) => Calls(app, count, 5_000, attributes);

    private static ResourceBuilder Calls(string app, int count, int firstTrace, params (string, object?)[] attributes) => Resource(app).Holding(
        [.. Enumerable.Range(0, count).Select(i => A.Span("chat x").Kind(3).Trace((ulong)(firstTrace + i)).Id(1).At(i, 50).With([("gen_ai.operation.name", "chat"), ("gen_ai.provider.name", "acme"), .. attributes]))]);

    private static async Task SendAsync(RunningServer server, ResourceBuilder resource)
    {
        using var response = await server.SendTracesAsync(resource.Traces());
        Assert.True(response.IsSuccessStatusCode);
        await server.StoredAsync();
    }
}

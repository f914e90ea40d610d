using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Control.Secrets;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Forward.Outbound;
using Callwatch.Spans;
using Callwatch.Testing;
using Callwatch.Tests.Control;
using Dapper;

namespace Callwatch.Tests.Forward.Desk;

/// <summary>Control data with its desk in a folder of the test's own; open it twice to act as two processes.</summary>
internal sealed class DeskFolder : IDisposable
{
    public const string Secret = "sk-very-secret-0123456789";

    private readonly List<IDisposable> opened = [];

    public ControlFolder Control { get; } = new();

    public SecretsOptions Secrets { get; set; } = new();

    public ForwardOptions Options { get; } = new() { AllowPrivateAddresses = "127.0.0.0/8" };

    public ManualTime Time => Control.Time;

    public Process Started() => Open(Control.Started());

    public Process Open() => Open(Control.Open());

    /// <summary>Every byte of every file in the folder.</summary>
    public string Bytes() => string.Concat(Directory.EnumerateFiles(Control.Folder.Path, "*", SearchOption.AllDirectories)
        .Where(file => Path.GetFileName(file) is not ("admin.key" or "master.key")).Select(file =>
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var text = new StreamReader(stream, System.Text.Encoding.Latin1);
            return text.ReadToEnd();
        }));

    public void Dispose()
    {
        opened.ForEach(each => each.Dispose());
        Control.Dispose();
    }

    private Process Open(ControlFolder.Process control)
    {
        var masters = new MasterKeys(new MasterKeySource(Secrets, Control.Folder.Path), control.Db, Time);
        var vault = new SecretVault(masters, Time);
        var kinds = new Kinds([new AcmeKind(), new PlainKind()]);
        var guard = new OutboundGuard(AllowedRanges.Read(Options.AllowPrivateAddresses, out _)!, Time, (_, _) => throw new System.Net.Sockets.SocketException());
        var checks = new DestinationChecks(new OutboundHttp(guard, Options, Time), Time);
        opened.Add(checks);
        var directory = new DestinationDirectory(control.Db, kinds, vault, Time);
        var woken = new List<int>();
        var desk = new DestinationDesk(control.Db, control.Apps, kinds, new DestinationWishes(kinds, guard), checks, vault, directory, Options, woken.Add, Time);
        return new Process(control, desk, directory, new SecretsDesk(control.Db, masters, vault, Time), masters, woken);
    }

    public sealed record Process(ControlFolder.Process Control, DestinationDesk Desk, DestinationDirectory Directory, SecretsDesk Secrets, MasterKeys Masters, List<int> Woken)
    {
        public ControlDb Db => Control.Db;

        public async Task<DestinationView> CreateAsync(string name = "one", string? config = null, int tenant = 1, Func<DestinationWish, DestinationWish>? change = null)
        {
            var wish = new DestinationWish { Name = name, Kind = "acme", Config = Json(config ?? Config()) };
            return Done(await Desk.CreateAsync(tenant, change?.Invoke(wish) ?? wish, "tester", default));
        }

        public async Task<DestinationView> UpdateAsync(int id, DestinationWish wish) => Done(await Desk.UpdateAsync(1, id, wish, "tester", default));

        /// <summary>The config of the destination as its lane gets it.</summary>
        public JsonObject ConfigOf(int id) => Directory.All.Single(destination => destination.Id == id).Config!;

        public IReadOnlyList<(string What, string Who, string Detail)> Audit()
        {
            using var connection = Db.Open();
            return [.. connection.Query<(string, string, string)>("SELECT what, who, detail FROM audit ORDER BY id")];
        }

        public void Execute(string sql)
        {
            using var connection = Db.Open();
            connection.Execute(sql);
        }

        public static DestinationView Done(DestinationAnswer answer) => Xunit.Assert.IsType<DestinationAnswer.Done>(answer).Destination;
    }

    public static string Config(string secret = Secret, string endpoint = "https://acme.example/api") => $$"""{"api_key":"{{secret}}","endpoint":"{{endpoint}}"}""";

    public static JsonObject Json(string json) => (JsonObject)JsonNode.Parse(json)!;
}

/// <summary>A platform of the tests' own, whose check asks its address for "/check".</summary>
internal sealed class AcmeKind : IDestinationKind
{
    public string Name => "acme";

    public string Title => "Acme";

    public bool Deduplicates => true;

    public IReadOnlyList<string> Signals => ["traces", "logs"];

    public IReadOnlyList<DestinationField> Fields { get; } =
    [
        new("api_key", "text", true, true, null, "Key."),
        new("second_key", "text", true, false, null, "Another key."),
        new("endpoint", "url", false, false, "https://acme.example", "Address."),
        new("region", "choice", false, false, "eu", "Region.") { Choices = ["eu", "us"] },
        new("headers", "pairs", true, false, null, "Headers."),
    ];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new Callwatch.Forward.Destinations.Shared.ConfigReader(config, Fields, rules);
        if (reader.Text("api_key") is { } key && key.StartsWith("odd", StringComparison.Ordinal)) reader.Warn($"{key} is odd.");
        if (reader.Text("second_key") == "wrong-second-key") reader.Fail("second_key", "wrong-second-key is no key.");
        reader.Url("endpoint");
        reader.Choice("region");
        reader.Pairs("headers", StringComparer.Ordinal);
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => new Acme(config, context);

    private sealed class Acme(JsonObject config, DestinationContext context) : IDestination
    {
        public DestinationLimits Limits { get; } = new(10, 1_000_000, 1);

        public IReadOnlyList<OutboundItem> Map(TraceToSend trace, Anchor anchor) => [];

        public OutboundItem? Shrink(OutboundItem item) => null;

        public Task<Delivery> SendAsync(IReadOnlyList<OutboundItem> items, CancellationToken cancel) => Task.FromResult<Delivery>(new Delivery.Accepted());

        public async Task<CheckResult> CheckAsync(CancellationToken cancel)
        {
            if ((string?)config["region"] == "us") throw new InvalidOperationException("api_key was " + config["api_key"]);
            try
            {
                using var response = await context.Http.GetAsync(new Uri((string)config["endpoint"]! + "/check?key=" + config["api_key"]), cancel);
                return new CheckResult(response.IsSuccessStatusCode, $"{(int)response.StatusCode} for {config["api_key"]}");
            }
            catch (Exception e) when (Callwatch.Forward.Destinations.Shared.PlatformAnswer.IsTrouble(e, cancel))
            {
                return new CheckResult(false, Callwatch.Forward.Destinations.Shared.PlatformAnswer.Trouble(e).Message);
            }
        }

        public string? LinkTo(TraceId traceId, Anchor anchor) => null;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>A platform that wants no secret.</summary>
internal sealed class PlainKind : IDestinationKind
{
    public string Name => "plain";

    public string Title => "A plain one";

    public bool Deduplicates => false;

    public IReadOnlyList<DestinationField> Fields { get; } = [new("endpoint", "url", false, true, null, "Address.")];

    public ConfigResult Normalize(JsonObject config, OutboundRules rules)
    {
        var reader = new Callwatch.Forward.Destinations.Shared.ConfigReader(config, Fields, rules);
        reader.Url("endpoint");
        return reader.Result();
    }

    public IDestination Create(JsonObject config, DestinationContext context) => throw new NotSupportedException();
}

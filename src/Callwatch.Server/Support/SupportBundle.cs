using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Callwatch.Control;
using Callwatch.Diagnose;
using Callwatch.Forward;
using Callwatch.Query;
using Callwatch.Server.Hosting;
using Callwatch.Telemetry;

namespace Callwatch.Server.Support;

/// <summary>
/// What support needs to see, as a zip: never a prompt, an answer, a key or a secret, and no name that senders, platforms or people have
/// chosen: apps, models, destinations and tenants are not in it.
/// </summary>
internal sealed class SupportBundle(
    DoctorOfItself doctor, SystemQueries system, SettingsReport settings, RecentLog log, Listeners listeners, Tenants tenants, Apps apps, IDestinationDirectory destinations, TimeProvider time)
{
    public const string FileName = "callwatch-support.zip";

    private const string Readme = """
        For support, made by callwatch doctor --bundle.

        version.json    the program, the runtime and the machine
        settings.json   settings that were given; what could be secret says "(set)"
        system.json     journal, store, readers and lanes: positions, sizes, lag
        counters.json   what was refused, mended or dropped, by reason
        doctor.json     the doctor's findings
        log.txt         the last lines of the log, without the words of exceptions

        Prompts, answers, keys and secrets are not in it, nor the names of apps, models, destinations, users and tenants. Look into it before you pass it on.
        """;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public async Task<byte[]> MakeAsync(bool deep, ReadScope scope, CancellationToken cancel)
    {
        var findings = await doctor.ExamineAsync(deep, scope, cancel);
        var status = system.Read(tenantId: null);
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(zip, "README.txt", Readme);
            Add(zip, "version.json", Version(status));
            Add(zip, "settings.json", settings.Read());
            Add(zip, "system.json", System(status));
            Add(zip, "counters.json", new JsonObject([.. status.Counters.OrderBy(counter => counter.Key.Word(), StringComparer.Ordinal).Select(counter => KeyValuePair.Create<string, JsonNode?>(counter.Key.Word(), counter.Value))]));
            Add(zip, "doctor.json", new JsonArray([.. findings.Select(finding => (JsonNode)new JsonObject
            {
                ["check"] = finding.Check,
                ["level"] = finding.Level.ToString().ToLowerInvariant(),
                ["what"] = Plain(finding.What, finding),
                ["cure"] = finding.Cure is null ? null : Plain(finding.Cure, finding),
            })]));
            Add(zip, "log.txt", log.Lines() is { Count: > 0 } lines ? Nameless(string.Join('\n', lines)) + "\n" : "Nothing has been logged since the start.\n");
        }

        return buffer.ToArray();
    }

    // The log names destinations and apps, which people have chosen.
    private string Nameless(string text) => tenants.List().SelectMany(tenant => apps.List(tenant.Id).Select(app => app.Name).Append(tenant.Name)).Concat(destinations.All.Select(destination => destination.Name))
        .Where(name => name.Length >= 3 && name is not (Apps.DefaultName or Apps.OtherName)).Distinct(StringComparer.Ordinal).OrderByDescending(name => name.Length)
        .Aggregate(text, (left, name) => left.Replace(name, "…", StringComparison.Ordinal));

    // Longest first: one of them may stand within another.
    private static string Plain(string text, Finding finding) =>
        finding.Foreign.Where(piece => piece.Length > 0).OrderByDescending(piece => piece.Length).Aggregate(text, (left, piece) => left.Replace(piece, "…", StringComparison.Ordinal));

    private JsonObject Version(SystemStatus status) => new()
    {
        ["callwatch"] = status.Version,
        ["made_at"] = time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        ["started_at"] = status.StartedAt.ToString(),
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["os"] = RuntimeInformation.OSDescription,
        ["architecture"] = RuntimeInformation.ProcessArchitecture.ToString(),
        ["cores"] = Environment.ProcessorCount,
        ["memory_bytes"] = Environment.WorkingSet,
        ["server_gc"] = global::System.Runtime.GCSettings.IsServerGC,
        ["http_listeners"] = listeners.HttpUrls.Count,
        ["grpc"] = listeners.GrpcUrls.Count > 0,
        ["beyond_loopback"] = !listeners.AllLoopback,
    };

    private static JsonObject System(SystemStatus status) => new()
    {
        ["journal"] = new JsonObject
        {
            ["head"] = status.Journal.HeadNumber,
            ["first"] = status.Journal.FirstNumber,
            ["records"] = status.Journal.Records,
            ["segments"] = status.Journal.Segments,
            ["size_bytes"] = status.Journal.SizeBytes,
            ["sealed_bytes"] = status.Journal.SealedBytes,
            ["to_seal_bytes"] = status.Journal.ToSealBytes,
            ["free_disk_bytes"] = status.Journal.FreeDiskBytes,
            ["damaged_records"] = status.Journal.DamagedRecords,
            ["damaged_segments"] = status.Journal.DamagedSegments,
            ["gaps"] = status.Journal.Gaps.Count,
            ["accepts_writes"] = status.Journal.AcceptsWrites,
        },
        ["store"] = new JsonObject { ["partitions"] = status.Store.Partitions, ["size_bytes"] = status.Store.SizeBytes, ["spans"] = status.Store.Spans, ["calls"] = status.Store.Calls, ["damaged_files"] = status.Store.Damaged.Count },
        ["media"] = new JsonObject { ["files"] = status.Media.Files, ["size_bytes"] = status.Media.SizeBytes },
        ["settled_bytes"] = status.SettledBytes,
        ["search_bytes"] = status.SearchBytes,
        ["readers"] = new JsonArray([.. status.Readers.Select(reader => (JsonNode)new JsonObject
        {
            ["name"] = reader.Name, ["position"] = reader.Position?.Number, ["lag"] = reader.Lag, ["lag_s"] = reader.LagSeconds, ["state"] = reader.State, ["waits"] = reader.Waits?.ToString(),
        })]),
        ["lanes"] = new JsonArray([.. status.Lanes.Select(lane => (JsonNode)new JsonObject
        {
            ["id"] = lane.DestinationId,
            ["kind"] = lane.Kind,
            ["state"] = lane.Status.State.ToString().ToLowerInvariant(),
            ["backlog"] = lane.Status.Backlog,
            ["oldest_age_s"] = lane.Status.OldestAgeSeconds,
            ["sent"] = lane.Status.Sent,
            ["refused"] = lane.Status.Refused,
            ["retried"] = lane.Status.Retried,
            ["expired"] = lane.Status.Expired,
            ["expired_by_disk"] = lane.ExpiredByDisk,
            ["last_error_status"] = lane.Status.LastError?.Status,
        })]),
    };

    private static void Add(ZipArchive zip, string name, JsonNode json) => Add(zip, name, json.ToJsonString(Indented));

    private static void Add(ZipArchive zip, string name, string text)
    {
        using var entry = zip.CreateEntry(name, CompressionLevel.Optimal).Open();
        entry.Write(Encoding.UTF8.GetBytes(text));
    }
}

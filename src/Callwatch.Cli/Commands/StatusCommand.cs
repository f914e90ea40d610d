using System.CommandLine;
using System.Net;
using System.Text.Json;
using Callwatch.Cli.Connecting;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch status</c>: is the server well? Exit code 1 when it is not.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var ready = new Option<bool>("--ready") { Description = "Ask only whether it takes what is sent, as a health check does: needs no key" };
        var command = new Command("status", "Show how the server is. Exit code 1 when it does not take what is sent, or a reader has stopped.") { ready };
        ServerOptions.Act(command, async (parsed, link, cancel) =>
        {
            if (parsed.GetValue(ready)) return await ReadyAsync(link, cancel);
            using var ask = ServerLink.Get("api/v1/system");
            return await link.ShowAsync(ask, ApiJson.Default.ApiSystem, Show, cancel, CodeOf);
        });
        return command;
    }

    private static async Task<int> ReadyAsync(ServerLink link, CancellationToken cancel)
    {
        using var response = await link.Http.GetAsync(new Uri("readyz", UriKind.Relative), cancel);
        var answer = await response.Content.ReadAsStringAsync(cancel);
        if (link.Json) Console.WriteLine(answer);
        if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable)) return link.Json ? CommandLine.Failed : await link.RefusedAsync(response, null, cancel);
        var health = JsonSerializer.Deserialize(answer, ApiJson.Default.ApiHealth) ?? throw new JsonException();
        if (!link.Json) Screen.Line(health.Reason is { } reason ? $"not ready: {Plain.Text(reason)}" : "ready");
        return response.IsSuccessStatusCode ? CommandLine.Fine : CommandLine.Failed;
    }

    private static int CodeOf(ApiSystem system) =>
        system.Journal is { AcceptsWrites: false } || system.Readers.Any(reader => reader.State == "stopped") ? CommandLine.Failed : CommandLine.Fine;

    private static void Show(ApiSystem system)
    {
        Screen.Line($"callwatch {Plain.Text(system.Version)}, up since {Plain.DateAndTime(system.StartedAt)} UTC");
        if (system.Journal is { } journal)
        {
            Screen.Line($"journal  {Plain.Count(journal.Records, "record")} up to number {Plain.Number(system.Head)}, {Plain.Bytes(journal.SizeBytes)} in {Plain.Count(journal.Segments, "segment")}, {(journal.AcceptsWrites ? "accepting" : "REFUSING: " + Plain.Text(journal.Reason))}");
            foreach (var gap in journal.Gaps) Screen.Line($"         records {Plain.Number(gap.First)} to {Plain.Number(gap.Last)} are missing: their file has vanished; callwatch doctor says what to do");
            if (journal.DamagedRecords + journal.DamagedSegments > 0) Screen.Line($"         {Plain.Count(journal.DamagedRecords, "record")} and {Plain.Count(journal.DamagedSegments, "segment")} damaged and set aside");
        }
        else
        {
            Screen.Line($"journal  {Plain.Count(system.Head, "record")}");
        }

        if (system.Store is { } store) Screen.Line($"store    {Plain.Count(store.Partitions, "partition")}, {Plain.Bytes(store.SizeBytes)}");
        foreach (var file in system.Store?.Damaged ?? [])
            Screen.Line($"         {Plain.Text(file.File)}: {(file.Day is null ? "" : $"figures and lists of {Plain.Text(file.Day)} are incomplete; ")}{Plain.Text(file.Command ?? "set aside as damaged")}");
        if (system.Disk is { } disk) Screen.Line($"disk     {Plain.Bytes(disk.FreeBytes)} free");
        ReaderTable.Print(system);
        var lanes = new Table("Destination", "State", ">Backlog");
        foreach (var lane in system.Lanes) lanes.Row(lane.Destination, lane.State, Plain.Number(lane.Backlog));
        if (system.Lanes.Count > 0) lanes.Print();
        var counters = new Table("Reason", ">Count since the start");
        foreach (var (reason, count) in system.Counters.OrderByDescending(entry => entry.Value)) counters.Row(reason, Plain.Number(count));
        if (system.Counters.Count > 0) counters.Print();
    }
}

using System.CommandLine;
using Callwatch.Cli.Showing;
using Callwatch.Client.Api;

namespace Callwatch.Cli.Commands;

/// <summary><c>callwatch status</c>: is the server well? Exit code 1 when it is not.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Show how the server is. Exit code 1 when it does not take what is sent, or a reader has stopped.");
        ServerOptions.Act(command, (_, link, cancel) => link.ShowAsync("api/v1/system", ApiJson.Default.ApiSystem, Show, cancel));
        return command;
    }

    private static int Show(ApiSystem system)
    {
        Screen.Line($"callwatch {Plain.Text(system.Version)}, up since {Plain.DateAndTime(system.StartedAt)} UTC");
        if (system.Journal is { } journal)
        {
            Screen.Line($"journal  {Plain.Number(journal.Records)} records up to number {Plain.Number(system.Head)}, {Plain.Bytes(journal.SizeBytes)} in {journal.Segments} segments, {(journal.AcceptsWrites ? "accepting" : "REFUSING: " + Plain.Text(journal.Reason))}");
            if (journal.DamagedRecords + journal.DamagedSegments > 0) Screen.Line($"         {journal.DamagedRecords} records and {journal.DamagedSegments} segments damaged and set aside");
        }
        else
        {
            Screen.Line($"journal  {Plain.Number(system.Head)} records");
        }

        if (system.Store is { } store) Screen.Line($"store    {store.Partitions} partitions, {Plain.Bytes(store.SizeBytes)}");
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
        return system.Journal is { AcceptsWrites: false } || system.Readers.Any(reader => reader.State == "stopped") ? CommandLine.Failed : CommandLine.Fine;
    }
}

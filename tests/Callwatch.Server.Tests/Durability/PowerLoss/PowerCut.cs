using System.Globalization;
using Callwatch.Testing;

namespace Callwatch.Server.Tests.Durability.PowerLoss;

/// <summary>One run of the real program that ends with a power cut.</summary>
/// <param name="Mode">What survives of what was not synced: nothing (<c>all</c> is lost), <c>some</c> of the writes, or of each write some of its sectors (<c>torn</c>).</param>
/// <param name="After">The cut comes by itself with this operation on files; 0: with the signal.</param>
/// <param name="NoSync">Syncs do nothing, as in an unsound program.</param>
internal sealed record PowerCut(string Library, TempFolder Temp, string Mode, int Seed, int After = 0, bool NoSync = false)
{
    private const int Killed = 128 + 9;

    public IEnumerable<(string, string)> Environment =>
    [
        ("LD_PRELOAD", Library), ("POWERLOSS_FOLDER", Temp.At("data")), ("POWERLOSS_LOST", Temp.At("lost")), ("POWERLOSS_REPORT", Temp.At("report")),
        ("POWERLOSS_MODE", Mode), ("POWERLOSS_SEED", Number(Seed)), ("POWERLOSS_AFTER", Number(After)), ("POWERLOSS_NO_SYNC", NoSync ? "1" : ""),
    ];

    /// <summary>Cuts the power, if that has not happened yet, and says what the library saw and undid; null when the program ended by itself.</summary>
    public async Task<IReadOnlyDictionary<string, long>?> CutAsync(CallwatchProcess server)
    {
        await server.SignalAsync("USR2");
        return await EndedAsync(server);
    }

    public async Task<IReadOnlyDictionary<string, long>?> EndedAsync(CallwatchProcess server)
    {
        if (await server.ExitAsync() != Killed) return null;
        var report = (await File.ReadAllLinesAsync(Temp.At("report"))).Select(line => line.Split(' ')).ToDictionary(line => line[0], line => long.Parse(line[1], CultureInfo.InvariantCulture));
        File.Delete(Temp.At("report"));
        // What was removed for good before the cut.
        foreach (var file in Directory.EnumerateFiles(Temp.At("lost"))) File.Delete(file);
        return report;
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}

using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Callwatch.Journal;
using Callwatch.Journal.Sealing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Callwatch.Testing;

/// <summary>
/// A process of its own that appends to a journal until it is killed: the test program itself, started once more with a variable in its
/// environment that it looks at before anything else. It prints a line for each request once that has been acknowledged.
/// </summary>
public static class CrashHost
{
    private const string FolderVariable = "CALLWATCH_CRASH_HOST_FOLDER";
    private const string FillerVariable = "CALLWATCH_CRASH_HOST_FILLER";
    private const string SealVariable = "CALLWATCH_CRASH_HOST_SEAL";
    private const string SendersVariable = "CALLWATCH_CRASH_HOST_SENDERS";

    public static JournalOptions Options { get; } =
        new() { SegmentBytes = 512 * 1024, BallastBytes = 0, MinFreeBytes = 0, MinFreePercent = 0, SealWindowBytes = 1024 * 1024, SealAge = TimeSpan.Zero, SealShare = 1 };

    /// <summary>To be called first thing in the test program; does not return in the process that is to be killed.</summary>
    public static void RunIfAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is not { } folder) return;
        RunAsync(folder, int.Parse(Environment.GetEnvironmentVariable(SendersVariable)!, CultureInfo.InvariantCulture)).GetAwaiter().GetResult();
        Environment.Exit(0);
    }

    /// <param name="filler">A file that takes room on the same disk: deleted after the first refusal, to see the journal recover.</param>
    /// <param name="before">A command that is to start it.</param>
    public static Process Start(string folder, int senders, string? filler = null, params string[] before) => Start(folder, senders, filler, seals: false, before);

    /// <param name="seals">Whether it seals what it has written.</param>
    public static Process Start(string folder, int senders, string? filler, bool seals, params string[] before)
    {
        var program = Environment.ProcessPath!;
        string[] own = Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Assembly.GetEntryAssembly()!.Location] : [program];
        string[] all = [.. before, .. own];
        var start = new ProcessStartInfo(all[0], all[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[FolderVariable] = folder;
        start.Environment[SendersVariable] = senders.ToString(CultureInfo.InvariantCulture);
        start.Environment[FillerVariable] = filler;
        start.Environment[SealVariable] = seals ? "1" : null;
        // Quick to start, and no tests' settings in a process that runs none.
        start.Environment["DOTNET_TieredPGO"] = "0";
        return Process.Start(start)!;
    }

    /// <summary>The body of a request: says who sent it and as which of his, the rest follows from these two.</summary>
    public static string Body(string sender, int count)
    {
        var filler = new Random(count * 7919);
        return $"{sender}/{count}/{new string((char)('a' + (count % 26)), filler.Next(count % 50 == 0 ? 200_000 : 4000))}";
    }

    private static async Task RunAsync(string folder, int senders)
    {
        await using var output = Console.OpenStandardOutput();
        var line = new Lock();
        void Say(string text)
        {
            var bytes = System.Text.Encoding.ASCII.GetBytes(text + "\n");
            lock (line) output.Write(bytes);
        }

        Say("starting");
        await using var journal = TestJournal.Open(folder, Options, null, null, Callwatch.Journal.Writing.DiskFiles.Instance, new FakeDiskSpace());
        Say("open " + journal.Head.Number.ToString(CultureInfo.InvariantCulture));
        using var sealing = Environment.GetEnvironmentVariable(SealVariable) is { Length: > 0 } ? new SealingThread(journal, SealerOf, Options, TimeProvider.System, NullLogger.Instance) : null;
        if (sealing is not null) await sealing.StartAsync(CancellationToken.None);
        Sealer SealerOf(IPace pace) => new(journal, Options, [], Callwatch.Journal.Writing.DiskFiles.Instance, TimeProvider.System, pace, NullLogger.Instance);
        var run = Guid.NewGuid().ToString("N")[..8];
        await Task.WhenAll(Enumerable.Range(0, senders).Select(number => Task.Run(async () =>
        {
            var sender = $"{run}-{number}";
            for (var count = 0; ; count += 2)
            {
                var result = await journal.AppendAsync([TestJournal.Entry(Body(sender, count)), TestJournal.Entry(Body(sender, count + 1))], CancellationToken.None);
                if (result is AppendResult.Stored stored)
                {
                    Say(string.Create(CultureInfo.InvariantCulture, $"stored {stored.First.Number} {sender} {count}"));
                    continue;
                }

                Say("refused " + ((result as AppendResult.Unavailable)?.Reason ?? result.ToString()));
                return;
            }
        })));
        Say("kept " + (await journal.RecordsAsync()).Count.ToString(CultureInfo.InvariantCulture));
        if (Environment.GetEnvironmentVariable(FillerVariable) is not { Length: > 0 } filler) return;
        File.Delete(filler);
        await Eventually.HoldsAsync(() => journal.Status().AcceptsWrites, "the journal accepts again");
        await journal.AppendAsync("after");
        Say("kept " + (await journal.RecordsAsync()).Count.ToString(CultureInfo.InvariantCulture));
    }
}

using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Journal;
using Callwatch.Query;
using Callwatch.Store;

namespace Callwatch.Dashboard.SystemState;

/// <summary>How the program is, in one line for every page.</summary>
public sealed class Pulse(IJournal journal, StoreProgress store)
{
    /// <summary>A lag of the store from which it is worth a word.</summary>
    private static readonly TimeSpan WorthAWord = TimeSpan.FromSeconds(5);

    public static string Version => SystemQueries.Version;

    public PulseState Read()
    {
        var (receiving, storing) = (journal.Status(), store.Status());
        var late = storing.LagSeconds > WorthAWord.TotalSeconds;
        return new PulseState
        {
            Receives = receiving.AcceptsWrites,
            Stores = storing.State is StoreState.Running or StoreState.Starting,
            Why = receiving.RefusalReason ?? storing.Why,
            Head = receiving.HeadNumber,
            Behind = late ? journal.CountBetween(storing.Position?.Number ?? 0, receiving.HeadNumber) : 0,
            LagSeconds = late ? storing.LagSeconds : 0,
        };
    }
}

public sealed record PulseState
{
    public required bool Receives { get; init; }

    public required bool Stores { get; init; }

    /// <summary>What keeps it from receiving or storing; null when nothing does.</summary>
    public string? Why { get; init; }

    /// <summary>Requests ever received.</summary>
    public required long Head { get; init; }

    /// <summary>Requests on disk and not stored yet; 0 while the store keeps up.</summary>
    public long Behind { get; init; }

    public double LagSeconds { get; init; }

    public bool Trouble => !Receives || !Stores;

    public string Say(Words words) => this switch
    {
        { Receives: false } => words["Not receiving"],
        { Stores: false } => words["Receiving, not storing"],
        { Head: 0 } => words["Ready, nothing received"],
        { Behind: > 0 } => words.Say("Receiving, lag {0}", Figure.Duration(LagSeconds * 1000)),
        _ => words["Receiving"],
    };
}

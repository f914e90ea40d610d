using System.Reflection;
using Callwatch.Dashboard.Language;
using Callwatch.Dashboard.Show;
using Callwatch.Journal;

namespace Callwatch.Dashboard.SystemState;

/// <summary>How the program is, in one line for every page.</summary>
public sealed class Pulse(IJournal journal, ICursors cursors)
{
    /// <summary>Records a reader may be behind before it is worth a word.</summary>
    private const long WorthAWord = 50;

    public static string Version { get; } =
        typeof(Pulse).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    public PulseState Read()
    {
        var status = journal.Status();
        var positions = cursors.All().Values.Where(position => position.Epoch == status.Epoch).ToList();
        var behind = positions.Count == 0 ? 0 : positions.Max(position => status.HeadNumber - position.Number);
        return new PulseState(status.AcceptsWrites, status.RefusalReason, status.HeadNumber, behind > WorthAWord ? behind : 0);
    }
}

/// <param name="Behind">Requests received and not yet read by the slowest reader; 0 when hardly any.</param>
public sealed record PulseState(bool Receives, string? Refusal, long Head, long Behind)
{
    public bool Trouble => !Receives;

    public string Say(Words words) => this switch
    {
        { Receives: false } => words["Not receiving"],
        { Head: 0 } => words["Ready, nothing received"],
        { Behind: > 0 } => words.Say("Receiving, {0} behind", Figure.Count(Behind)),
        _ => words["Receiving"],
    };
}

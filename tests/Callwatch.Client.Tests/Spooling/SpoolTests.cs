using System.Text;
using Callwatch.Client.Records;
using Callwatch.Client.Sentry.Envelopes;
using Callwatch.Client.Spooling;
using Callwatch.Testing;
using Xunit;

namespace Callwatch.Client.Tests.Spooling;

/// <summary>The folder in which records and error reports wait.</summary>
public sealed class SpoolTests
{
    [Fact]
    public void What_is_kept_comes_back_oldest_first_also_after_a_restart()
    {
        using var folder = new TempFolder();
        var (spool, _) = Open(folder);
        Assert.Equal([1, 2, 3], ((string[])["a", "b", "c"]).Select(text => (int)spool.TryAdd(text)!));
        spool.Remove(1);
        var (next, _) = Open(folder);
        Assert.Equal((2, "b"), (next.Oldest()!.Value.Number, next.Oldest()!.Value.Item));
        Assert.Equal(4, next.TryAdd("d"));
        foreach (var text in (string[])["b", "c", "d"])
        {
            var oldest = next.Oldest()!.Value;
            Assert.Equal(text, oldest.Item);
            next.Remove(oldest.Number);
        }

        Assert.Null(next.Oldest());
        Assert.True(next.IsEmpty);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Beyond_its_bytes_the_oldest_go_and_are_counted_those_of_an_earlier_run_too()
    {
        using var folder = new TempFolder();
        var (spool, _) = Open(folder);
        for (var i = 0; i < 5; i++) Assert.NotNull(spool.TryAdd(new string('x', 300)));
        var (next, lost) = Open(folder, mostBytes: 1_000);
        Assert.Equal(new string('x', 300), next.Oldest()!.Value.Item);
        Assert.Equal([SpoolLoss.Full, SpoolLoss.Full], lost.Losses);
        Assert.NotNull(next.TryAdd(new string('y', 500)));
        Assert.Equal(4, lost.Losses.Count);
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);

        // Larger than all that may be kept: it goes by memory, and costs nobody else his place.
        Assert.Null(next.TryAdd(new string('z', 1_001)));
        Assert.Equal((4, 2), (lost.Losses.Count, Directory.GetFiles(folder.Path).Length));
    }

    [Fact]
    public void What_a_kill_has_left_half_written_goes_and_what_is_not_ours_stays()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.At("00000000000000000007.text.new"), "hal");
        foreach (var name in (string[])["notes.new", "00000000000000000008.other", "00000000000000000009.other.new", "9.text", "0000000000000000000x.text", "99999999999999999999.text"]) File.WriteAllText(folder.At(name), "not ours");
        File.WriteAllText(folder.At("00000000000000000006.text"), "ours");
        var (spool, _) = Open(folder);
        Assert.Equal((6, "ours"), (spool.Oldest()!.Value.Number, spool.Oldest()!.Value.Item));
        spool.Remove(6);
        Assert.Equal(6, Directory.GetFiles(folder.Path).Length);
        Assert.Equal(7, spool.TryAdd("next"));
    }

    [Fact]
    public void What_is_not_whole_is_dropped_and_counted_and_the_next_is_at_hand()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.At("00000000000000000001.text"), Texts.Broken);
        File.WriteAllText(folder.At("00000000000000000002.text"), "whole");
        var (spool, lost) = Open(folder);
        Assert.Equal("whole", spool.Oldest()!.Value.Item);
        Assert.Equal([SpoolLoss.Unreadable], lost.Losses);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_cannot_be_read_now_waits_and_does_not_hold_up_the_others()
    {
        using var folder = new TempFolder();
        var (spool, lost) = Open(folder);
        spool.TryAdd("first");
        spool.TryAdd("second");

        // Where the file was there is a folder: whoever reads it is refused.
        var first = folder.At("00000000000000000001.text");
        File.Move(first, first + ".away");
        Directory.CreateDirectory(first);
        Assert.Equal("second", spool.Oldest()!.Value.Item);
        Directory.Delete(first);
        File.Move(first + ".away", first);
        Assert.Equal("first", spool.Oldest()!.Value.Item);
        Assert.Empty(lost.Losses);

        File.Delete(first);
        Assert.Equal("second", spool.Oldest()!.Value.Item);
        Assert.Equal([SpoolLoss.Unreadable], lost.Losses);
    }

    [Fact]
    public void Two_processes_in_one_folder_lose_nothing()
    {
        using var folder = new TempFolder();
        var ((one, _), (other, _)) = (Open(folder), Open(folder));
        Assert.True(one.IsEmpty && other.IsEmpty);
        Parallel.For(0, 200, i => Assert.NotNull((i % 2 == 0 ? one : other).TryAdd("text " + i)));
        Assert.Equal(200, Directory.GetFiles(folder.Path).Select(File.ReadAllText).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void A_folder_that_cannot_be_made_or_vanishes_is_said_and_nothing_is_thrown()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.At("file"), "");
        var texts = new Texts();
        Assert.Null(Spool<string>.Open(folder.At("file"), 1_000, texts));
        var inner = Directory.CreateDirectory(folder.At("inner")).FullName;
        var spool = Spool<string>.Open(inner, 1_000, texts)!;
        Directory.Delete(inner);
        Assert.Null(spool.TryAdd("x"));
        Assert.Null(spool.Oldest());
        Assert.True(spool.IsEmpty);
        Assert.True(texts.Troubles >= 4);

        // And once it is there again, it is used again.
        Directory.CreateDirectory(inner);
        Assert.NotNull(spool.TryAdd("x"));
    }

    [Fact]
    public void Files_of_earlier_versions_are_read_of_both_kinds()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.At("00000000000000000001.records.json"), """[{"type":"message","message_id":"m-1"},{"type":"tool","tool_name":"t"}]""");
        File.WriteAllText(folder.At("00000000000000000002.feedback.json"), """{"message_id":"m-1","value":1}""");
        var packs = Spool<RecordPack>.Open(folder.Path, 1 << 20, new PackFormat(new Tally()))!;
        var (number, records) = packs.Oldest()!.Value;
        Assert.Equal((false, 2), (records.IsFeedback, records.Items.Count));
        packs.Remove(number);
        Assert.True(packs.Oldest()!.Value.Item.IsFeedback);

        File.WriteAllText(folder.At("00000000000000000003.transaction.envelope"), "{\"event_id\":\"e\"}\n{\"type\":\"transaction\",\"length\":2}\n{}\n");
        File.WriteAllText(folder.At("00000000000000000004.envelope"), "{\"event_id\":\"e\"}\n{\"type\":\"event\",\"length\":2}\n{}\n");
        var envelopes = Spool<Envelope>.Open(folder.Path, 1 << 20, new EnvelopeFormat(new Discards(TimeProvider.System)))!;
        Assert.Equal((3, "transaction"), (envelopes.Oldest()!.Value.Number, envelopes.Oldest()!.Value.Item.Category));
        envelopes.Remove(3);
        Assert.Equal("error", envelopes.Oldest()!.Value.Item.Category);
    }

    private static (Spool<string> Spool, Texts Format) Open(TempFolder folder, long mostBytes = 1 << 20)
    {
        var texts = new Texts();
        return (Spool<string>.Open(folder.Path, mostBytes, texts)!, texts);
    }

    private sealed class Texts : ISpoolFormat<string>
    {
        public const string Broken = "broken";

        public List<SpoolLoss> Losses { get; } = [];

        public int Troubles { get; private set; }

        public string EndingOf(string item) => "text";

        public bool Knows(string ending) => ending == "text";

        public byte[] Write(string item) => Encoding.UTF8.GetBytes(item);

        public string? Read(byte[] kept, string ending) => Encoding.UTF8.GetString(kept) is var text && text == Broken ? null : text;

        public int CountOf(string item) => 1;

        public void Lost(SpoolLoss why, string ending, int count) => Losses.Add(why);

        public void Unusable(Exception why) => Troubles++;
    }
}

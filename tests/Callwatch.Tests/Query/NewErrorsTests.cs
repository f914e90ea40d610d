using Callwatch.Control;
using Callwatch.Query;
using Callwatch.Spans;
using Callwatch.Store.Partitions;
using Callwatch.Store.Rows;
using Callwatch.Store.Writing;
using Callwatch.Tests.Store;
using Xunit;

namespace Callwatch.Tests.Query;

/// <summary>Which failures came with which release or version of a prompt.</summary>
public sealed class NewErrorsTests : IDisposable
{
    private readonly QueryWorld world = new(chunks: 0);
    private ulong calls;
    private int rests;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Selection Everything { get; } = new() { Scope = QueryWorld.Tenant, From = QueryWorld.From, To = QueryWorld.To };

    private static Selection LastHour { get; } = Everything with { From = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(12)), To = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(13)) };

    public void Dispose() => world.Dispose();

    [Fact]
    public async Task A_group_names_what_its_first_call_was_made_by_however_long_ago()
    {
        Store(Failed("out of tokens", hour: -30, "1.9", ("answer", "9")), Failed("out of tokens", hour: 2, "1.10", ("answer", "10")), Failed("no such tool", hour: 3, "1.10"), Failed("nobody there", hour: 4, null));
        var today = await GroupsAsync(Everything with { From = RandomTraffic.Midnight });
        Assert.Equal(("1.9", "answer", "9"), (today["out of tokens"].FirstRelease, today["out of tokens"].FirstPrompt, today["out of tokens"].FirstPromptVersion));
        Assert.Equal(("1.10", null), (today["no such tool"].FirstRelease, today["no such tool"].FirstPromptVersion));
        Assert.Null(today["nobody there"].FirstRelease);

        // The filter leaves the first one out of the count, not out of the past.
        var filtered = await GroupsAsync(Everything with { Filter = "release:1.10" });
        Assert.Equal(("1.9", 1), (filtered["out of tokens"].FirstRelease, (int)filtered["out of tokens"].Count));
    }

    [Fact]
    public async Task New_since_a_release_are_the_groups_that_came_with_it_or_a_later_one()
    {
        Store(Failed("old", hour: 1, "b-first"), Failed("middle", hour: 30, "c-second"), Failed("old", hour: 31, "c-second"), Failed("late", hour: 60, "a-third"), Failed("old", hour: 61, "a-third"), Failed("nameless", hour: 62, null));
        Assert.Equal(["a-third", "c-second", "b-first"], await ReleasesAsync(Everything));
        Assert.Equal(["late", "middle"], await SinceAsync("release:c-second"));
        Assert.Equal(["late"], await SinceAsync("release:a-third"));
        Assert.Equal(["late", "middle", "old"], await SinceAsync("release:b-first"));
        Assert.Empty(await SinceAsync("release:never-heard-of"));
    }

    [Fact]
    public async Task Releases_of_one_day_go_by_the_numbers_in_their_names_while_their_hours_are_not_known()
    {
        Store(Failed("a", hour: 1, "2026.9.10"), Failed("b", hour: 2, "2026.11.2"), Failed("c", hour: 3, "2026.11.10"));
        Assert.Equal(["2026.11.10", "2026.11.2", "2026.9.10"], await ReleasesAsync(Everything));
        Assert.Equal(["b", "c"], await SinceAsync("release:2026.11.2"));
    }

    [Fact]
    public async Task The_order_of_releases_is_that_of_their_beginnings_however_long_before_the_range()
    {
        Store(LongBefore());
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        Assert.Equal(["fresh"], await SinceAsync("release:a-newer", LastHour));
        Assert.Equal(["fresh", "old"], await SinceAsync("release:b-older", LastHour));
        Assert.Equal(["fresh", "gone", "old"], await SinceAsync("release:z-replaced", LastHour));
        Assert.Empty(await SinceAsync("release:never-heard-of", LastHour));
    }

    [Fact]
    public async Task The_order_of_releases_outlives_their_first_rows()
    {
        Store(LongBefore());
        // Noted while the rows were there.
        Rest();
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        using var kept = Retired.Of(world);
        kept.Rules.Put([(1, world.OnlyApp(0).OnlyAppId!.Value, new RetentionWish(null, 35, null, null))]);
        await kept.RunAsync(Cancel);
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        foreach (var release in (string[])["a-newer", "b-older", "z-replaced"]) Assert.Equal(["fresh"], await SinceAsync("release:" + release, LastHour));
    }

    [Fact]
    public async Task Days_that_nobody_writes_to_are_read_once_for_the_order_of_releases_and_for_when_failures_began()
    {
        Store(LongBefore());
        Rest();
        Assert.Equal(["fresh", "old"], await SinceAsync("release:b-older", LastHour));
        Assert.Equal(world.Store.Folder.Partitions.Length, world.Store.Folder.Notes.Made);
        Assert.Equal(["fresh", "old"], await SinceAsync("release:b-older", LastHour));
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        Assert.Equal(world.Store.Folder.Partitions.Length, world.Store.Folder.Notes.Made);
    }

    [Fact]
    public async Task What_was_noted_of_the_days_outlives_a_restart_and_a_damaged_note_is_made_again()
    {
        Store(LongBefore());
        // A stop folds logs into their files.
        Restart();
        Rest();
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        var days = world.Store.Folder.Partitions.Length;
        Assert.Equal(days, world.Store.Folder.Notes.Made);
        Restart();
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        Assert.Equal(["fresh", "old"], await SinceAsync("release:b-older", LastHour));
        Assert.Equal(0, world.Store.Folder.Notes.Made);

        var file = Path.Combine(world.Store.Folder.Folder, FileNotes.Name);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        foreach (var at in (int[])[0, 5, 12, bytes.Length / 2, bytes.Length - 1])
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 0x10;
            await File.WriteAllBytesAsync(file, damaged, Cancel);
            Restart();
            Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
            Assert.Equal(["fresh", "old"], await SinceAsync("release:b-older", LastHour));
            Assert.Equal(days, world.Store.Folder.Notes.Made);
        }
    }

    [Fact]
    public async Task A_span_that_comes_late_is_in_the_order_of_releases_and_among_first_failures_at_once()
    {
        Store(LongBefore());
        Rest();
        Assert.Equal(["fresh"], await SinceAsync("release:a-newer", LastHour));

        // The one that came later was there before the other, and what was new was not.
        Store(Failed("fresh", hour: -24 * 11, "a-newer"));
        Assert.Equal(["b-older", "a-newer"], await ReleasesAsync(LastHour));
        Assert.Equal(RandomTraffic.Midnight.Plus(TimeSpan.FromDays(-11)).UnixSeconds / 86_400, (await GroupsAsync(LastHour))["fresh"].FirstSeen.UnixSeconds / 86_400);
        Rest();
        Assert.Equal(["b-older", "a-newer"], await ReleasesAsync(LastHour));
        Assert.Equal(["old"], await SinceAsync("release:b-older", LastHour));
    }

    [Fact]
    public async Task Apps_have_their_own_order_of_releases_however_much_is_noted()
    {
        Store(LongBefore());
        Rest();
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour));
        Assert.Empty(await ReleasesAsync(LastHour with { Scope = world.OnlyApp(1) }));
        Assert.Equal(["a-newer", "b-older"], await ReleasesAsync(LastHour with { Scope = world.OnlyApp(0) }));
        Assert.Empty(await ReleasesAsync(LastHour with { Scope = new ReadScope(2) }));
    }

    [Fact]
    public async Task New_since_a_version_of_a_prompt_are_the_groups_that_came_with_it_or_a_higher_one()
    {
        Store(
            Failed("two", hour: 1, null, ("answer", "2")), Failed("nine", hour: 2, null, ("answer", "9")), Failed("ten", hour: 3, null, ("answer", "10")), Failed("other", hour: 4, null, ("greet", "12")),
            Failed("bare", hour: 5, null, (null, "3")));
        Assert.Equal(["nine", "ten"], await SinceAsync("prompt:answer@9"));
        Assert.Equal(["other"], await SinceAsync("prompt:greet@1"));
        Assert.Equal(["bare"], await SinceAsync("prompt:@3"));
    }

    [Fact]
    public async Task A_new_group_is_found_however_many_more_frequent_ones_there_are()
    {
        Store([.. Enumerable.Range(0, 40).SelectMany(group => Enumerable.Range(0, 3).Select(_ => Failed("known " + (char)('a' + (group % 26)) + (char)('a' + (group / 26)), hour: 1, "1"))), Failed("the new one", hour: 40, "2")]);
        var told = Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(Everything, NewSince.Read("release:2"), 5, Cancel)).Value;
        Assert.Equal("the new one", Assert.Single(told.Items).Message);
        Assert.Equal(1d / 121, told.Items[0].Share);
    }

    [Theory]
    [InlineData("release:1.4.2", true)]
    [InlineData("release:a:b@c", true)]
    [InlineData("prompt:greeting@7", true)]
    [InlineData("prompt:a@b@7", true)]
    [InlineData("prompt:@7", true)]
    [InlineData("release:", false)]
    [InlineData("prompt:greeting", false)]
    [InlineData("prompt:greeting@", false)]
    [InlineData("1.4.2", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void What_is_read_is_written_the_same_way(string? text, bool isRead) => Assert.Equal(isRead ? text : null, NewSince.Read(text)?.ToString());

    private async Task<Dictionary<string, ErrorGroup>> GroupsAsync(Selection selection) =>
        Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(selection, 100, Cancel)).Value.Items.ToDictionary(group => group.Message);

    private async Task<IEnumerable<string>> SinceAsync(string since, Selection? within = null) =>
        Assert.IsType<Answer<Page<ErrorGroup>>.Found>(await world.Errors.GroupsAsync(within ?? Everything, NewSince.Read(since), 100, Cancel)).Value.Items.Select(group => group.Message).Order();

    private async Task<IReadOnlyList<string>> ReleasesAsync(Selection selection) =>
        Assert.IsType<Answer<IReadOnlyList<string>>.Found>(await world.Errors.ReleasesAsync(selection, Cancel)).Value;

    // Two are in use yesterday and today; the one with the lower name came later. A third has not been used for days.
    private Span[] LongBefore() =>
    [
        Failed("gone", hour: -24 * 12, "z-replaced"), Failed("old", hour: -24 * 10, "b-older"), Failed("fresh", hour: -24 * 3, "a-newer"), Failed("old", hour: -2, "b-older"), Failed("fresh", hour: -2, "a-newer"),
        Failed("old", hour: 12, "b-older"), Failed("fresh", hour: 12, "a-newer"), Failed("gone", hour: 12, "a-newer"),
    ];

    // As after a while in which nobody has written to the files.
    private void Rest()
    {
        var time = DateTime.UnixEpoch.AddYears(50).AddMinutes(++rests);
        foreach (var file in Directory.GetFiles(world.Store.Folder.Folder))
            if (Path.GetFileName(file) != FileNotes.Name) File.SetLastWriteTimeUtc(file, time);
    }

    private void Restart()
    {
        world.Close();
        world.Store.Restart();
        world.Open();
    }

    private void Store(params Span[] spans)
    {
        var number = (world.Store.Folder.Catalog.Position?.Number ?? 0) + 1;
        world.Store.Store(spans.Select((span, offset) => new ArrivedSpan(span, new SpanVersion(number, offset), 10, span.End)));
    }

    private Span Failed(string message, int hour, string? release, (string? Name, string Version)? prompt = null)
    {
        var end = RandomTraffic.Midnight.Plus(TimeSpan.FromHours(hour) + TimeSpan.FromSeconds(++calls));
        return new Span
        {
            TenantId = 1,
            AppId = world.OnlyApp(0).OnlyAppId!.Value,
            TraceId = new TraceId(77, calls),
            SpanId = new SpanId(1),
            Name = "chat",
            DisplayName = "chat",
            Kind = SpanKind.Chat,
            Start = end,
            End = end,
            DurationNanoseconds = 1_000_000,
            Outcome = Outcome.Error,
            Error = new SpanError { Type = "Trouble", Group = "other", Message = message },
            Release = release,
            Call = new LlmCall { Source = CallSource.Recorded, RequestModel = "m", PromptName = prompt?.Name, PromptVersion = prompt?.Version },
        };
    }
}

using System.Text.Json.Nodes;
using Callwatch.Forward;
using Callwatch.Forward.Desk;
using Callwatch.Spans;
using Xunit;
using static Callwatch.Tests.Forward.Desk.DeskFolder;

namespace Callwatch.Tests.Forward.Desk;

/// <summary>Destinations as people make and change them.</summary>
public sealed class DestinationDeskTests : IDisposable
{
    private readonly DeskFolder folder = new();
    private readonly DeskFolder.Process process;

    public DestinationDeskTests() => process = folder.Started();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Secrets_do_not_come_back_but_which_ones_are_set_does()
    {
        var made = await process.CreateAsync(config: $$$"""{"api_key":"{{{Secret}}}","headers":{"X-Token":"{{{Secret}}}"}}""");
        foreach (var view in (DestinationView[])[made, process.Desk.Find(1, made.Id)!, .. process.Desk.List(1)])
        {
            Assert.Equal("""{"api_key":null,"second_key":null,"endpoint":"https://acme.example","region":"eu","headers":{"X-Token":null}}""", view.Config.ToJsonString());
            Assert.Equal(["api_key", "headers"], view.ConfigSet);
            Assert.Null(view.Locked);
        }

        Assert.Equal(Secret, (string?)process.ConfigOf(made.Id)["api_key"]);
        Assert.Equal(Secret, (string?)process.ConfigOf(made.Id)["headers"]!["X-Token"]);
    }

    [Fact]
    public async Task No_secret_lies_in_any_file_in_clear()
    {
        var made = await process.CreateAsync();
        await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"second_key":"another-secret-0123"}""") });
        process.Secrets.RotateDataKeys(null, "tester");
        process.Secrets.RotateMasterKey("tester");
        process.Desk.Delete(1, made.Id, "tester");
        var bytes = folder.Bytes();
        Assert.Contains("create destination", bytes, StringComparison.Ordinal);
        foreach (var text in (string[])[Secret, "another-secret-0123"])
        {
            Assert.DoesNotContain(text, bytes, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)).TrimEnd('='), bytes, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_field_left_out_keeps_its_value()
    {
        var made = await process.CreateAsync(change: wish => wish with { Apps = ["shop"], Filter = "outcome:error", SampleRate = 0.5, KeepErrors = false, Mask = ["email"], Signals = ["traces", "logs"], Enabled = false, Start = new StartAt.Beginning() });
        var same = await process.UpdateAsync(made.Id, new DestinationWish());
        Assert.Equal(made.Revision + 1, same.Revision);
        Assert.Equivalent(made with { Revision = same.Revision, UpdatedAt = same.UpdatedAt, Config = [] }, same with { Config = [] });
        Assert.Equal(made.Config.ToJsonString(), same.Config.ToJsonString());
        var renamed = await process.UpdateAsync(made.Id, new DestinationWish { Name = "two", Config = Json("""{"region":"us"}""") });
        Assert.Equal(("two", "us", Secret), (renamed.Name, (string?)renamed.Config["region"], (string?)process.ConfigOf(made.Id)["api_key"]));
        Assert.Equal("outcome:error", renamed.Filter);
    }

    [Fact]
    public async Task What_was_read_can_be_put_back_as_it_is()
    {
        var made = await process.CreateAsync(config: $$$"""{"api_key":"{{{Secret}}}","headers":{"X-Token":"{{{Secret}}}"},"region":"us"}""");
        var put = await process.UpdateAsync(made.Id, new DestinationWish { Name = made.Name, Kind = made.Kind, Config = made.Config, Apps = made.Apps, Signals = made.Signals, Start = made.Start });
        Assert.Equal(made.Config.ToJsonString(), put.Config.ToJsonString());
        Assert.Equal(made.ConfigSet, put.ConfigSet);
        Assert.Equal(Secret, (string?)process.ConfigOf(made.Id)["api_key"]);
        Assert.Equal(Secret, (string?)process.ConfigOf(made.Id)["headers"]!["X-Token"]);
    }

    [Fact]
    public async Task An_empty_text_takes_a_value_away_and_null_of_a_secret_keeps_it()
    {
        var made = await process.CreateAsync(config: """{"api_key":"a-secret-of-ours","second_key":"another-secret","region":"us"}""");
        Assert.Equal(["api_key", "second_key"], (await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"second_key":null}""") })).ConfigSet);
        var less = await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"second_key":"","region":null}""") });
        Assert.Equal(["api_key"], less.ConfigSet);
        Assert.Equal("eu", (string?)less.Config["region"]);
        var refused = Assert.IsType<DestinationAnswer.Refused>(await process.Desk.UpdateAsync(1, made.Id, new DestinationWish { Config = Json("""{"api_key":""}""") }, "tester", Cancel));
        Assert.Equal("config.api_key", refused.Field);
    }

    [Fact]
    public async Task Headers_are_given_whole_and_null_keeps_the_value_of_one()
    {
        var made = await process.CreateAsync(config: """{"api_key":"a-secret-of-ours","headers":{"X-One":"1111","X-Two":"2222"}}""");
        var put = await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"headers":{"X-Two":null,"X-Three":"3333"}}""") });
        Assert.Equal("""{"X-Two":null,"X-Three":null}""", put.Config["headers"]!.ToJsonString());
        Assert.Equal("""{"X-Two":"2222","X-Three":"3333"}""", process.ConfigOf(made.Id)["headers"]!.ToJsonString());
        var refused = Assert.IsType<DestinationAnswer.Refused>(await process.Desk.UpdateAsync(1, made.Id, new DestinationWish { Config = Json("""{"headers":{"X-Four":null}}""") }, "tester", Cancel));
        Assert.Equal("config.headers", refused.Field);
        Assert.Equal(["api_key"], (await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"headers":{}}""") })).ConfigSet);
    }

    [Theory]
    [InlineData("""{"kind":"acme"}""", "name")]
    [InlineData("""{"name":" ","kind":"acme"}""", "name")]
    [InlineData("""{"name":"a\u0007b","kind":"acme"}""", "name")]
    [InlineData("""{"name":"x"}""", "kind")]
    [InlineData("""{"name":"x","kind":"nowhere"}""", "kind")]
    [InlineData("""{"name":"x","kind":"acme"}""", "config.api_key")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":5}}""", "config.api_key")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","other":1}}""", "config.other")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","region":"mars"}}""", "config.region")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"acme.example"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"https://user:pass@acme.example"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"https://10.0.0.1"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"https://[::1]"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"https://169.254.169.254"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k","endpoint":"http://8.8.8.8"}}""", "config.endpoint")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"filter":"modle:x"}""", "filter")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"sample_rate":1.5}""", "sample_rate")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"mask":["("]}""", "mask")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"signals":[]}""", "signals")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"signals":["metrics"]}""", "signals")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"apps":["*","shop"]}""", "apps")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"apps":["sh\u0000op"]}""", "apps")]
    [InlineData("""{"name":"x","kind":"acme","config":{"api_key":"k"},"apps":["shop"],"except_apps":["kiosk"]}""", "except_apps")]
    public async Task What_is_wrong_is_named_and_nothing_is_saved(string json, string field)
    {
        var body = Json(json);
        var refused = Assert.IsType<DestinationAnswer.Refused>(await process.Desk.CreateAsync(1, Wish(body), "tester", Cancel));
        Assert.Equal(field, refused.Field);
        Assert.Matches("[.?]$", refused.Message);
        Assert.Empty(process.Desk.List(1));
        Assert.Empty(process.Audit());
    }

    [Fact]
    public async Task A_config_has_its_bounds()
    {
        var config = Json(Config());
        config["headers"] = new JsonObject(Enumerable.Range(0, 2_000).Select(i => KeyValuePair.Create($"X-{i}", (JsonNode?)new string('x', 50))));
        Assert.Equal("config", Assert.IsType<DestinationAnswer.Refused>(await process.Desk.CreateAsync(1, new DestinationWish { Name = "x", Kind = "acme", Config = config }, "tester", Cancel)).Field);
    }

    [Fact]
    public async Task No_answer_repeats_a_secret()
    {
        var wrong = Assert.IsType<DestinationAnswer.Refused>(await process.Desk.CreateAsync(
            1, new DestinationWish { Name = "x", Kind = "acme", Config = Json("""{"api_key":"odd-secret-key","second_key":"wrong-second-key"}""") }, "tester", Cancel));
        Assert.Equal(("config.second_key", "*** is no key."), (wrong.Field, wrong.Message));
        var odd = Assert.IsType<DestinationAnswer.Done>(await process.Desk.CreateAsync(1, new DestinationWish { Name = "x", Kind = "acme", Config = Json("""{"api_key":"odd-secret-key"}""") }, "tester", Cancel));
        Assert.Equal(["*** is odd."], odd.Warnings);
    }

    [Fact]
    public async Task Kind_and_start_stay_as_they_were_made()
    {
        var made = await process.CreateAsync(change: wish => wish with { Start = new StartAt.Time(new Timestamp(5)) });
        Assert.Equal(new StartAt.Time(new Timestamp(5)), made.Start);
        Assert.Equal("kind", Assert.IsType<DestinationAnswer.Refused>(await process.Desk.UpdateAsync(1, made.Id, new DestinationWish { Kind = "plain" }, "tester", Cancel)).Field);
        Assert.Equal("start", Assert.IsType<DestinationAnswer.Refused>(await process.Desk.UpdateAsync(1, made.Id, new DestinationWish { Start = new StartAt.Now() }, "tester", Cancel)).Field);
        await process.UpdateAsync(made.Id, new DestinationWish { Start = new StartAt.Time(new Timestamp(5)) });
    }

    [Fact]
    public async Task Of_two_who_change_the_same_revision_the_second_hears_of_it()
    {
        var made = await process.CreateAsync();
        await process.UpdateAsync(made.Id, new DestinationWish { Name = "first", Revision = made.Revision });
        var second = Assert.IsType<DestinationAnswer.Outdated>(await process.Desk.UpdateAsync(1, made.Id, new DestinationWish { Name = "second", Revision = made.Revision }, "tester", Cancel));
        Assert.Equal(made.Revision + 1, second.Revision);
        Assert.Equal("first", process.Desk.Find(1, made.Id)!.Name);
    }

    [Fact]
    public async Task Another_tenants_destination_is_not_there()
    {
        var other = process.Control.Tenants.Create("next-door")!.Id;
        var made = await process.CreateAsync();
        Assert.Empty(process.Desk.List(other));
        Assert.Null(process.Desk.Find(other, made.Id));
        Assert.IsType<DestinationAnswer.Unknown>(await process.Desk.UpdateAsync(other, made.Id, new DestinationWish { Name = "mine" }, "tester", Cancel));
        Assert.IsType<DestinationAnswer.Unknown>(process.Desk.Pause(other, made.Id, "tester"));
        Assert.IsType<CheckAnswer.Unknown>(await process.Desk.CheckAsync(other, made.Id, null, Cancel));
        Assert.False(process.Desk.Delete(other, made.Id, "tester"));
        var theirs = process.Control.Apps.Create(other, "theirs").Id;
        Assert.IsType<TracingAnswer.Refused>(process.Desk.PutTracing(other, theirs, new TracingWish(true, [made.Id]), "tester"));
        Assert.NotNull(process.Desk.Find(1, made.Id));
    }

    [Fact]
    public async Task A_pause_lasts_until_resumed_and_resuming_wakes_the_lane()
    {
        var made = await process.CreateAsync();
        Assert.True(Done(process.Desk.Pause(1, made.Id, "anna")).Paused);
        Assert.True(Done(process.Desk.Pause(1, made.Id, "anna")).Paused);
        Assert.True(process.Directory.All.Single().Paused);
        Assert.True((await process.UpdateAsync(made.Id, new DestinationWish { Name = "renamed" })).Paused);
        Assert.Empty(process.Woken);
        Assert.False(Done(process.Desk.Resume(1, made.Id, "anna")).Paused);
        Assert.False(process.Directory.All.Single().Paused);
        Assert.Equal([made.Id], process.Woken);
        Assert.Equal(["create destination", "pause destination", "update destination", "resume destination"], process.Audit().Select(row => row.What));
    }

    [Fact]
    public async Task Each_change_has_its_row_of_audit_with_names_and_no_values()
    {
        var made = await process.CreateAsync();
        await process.UpdateAsync(made.Id, new DestinationWish { Config = Json("""{"second_key":"another-secret-0123"}"""), Enabled = false });
        process.Desk.Delete(1, made.Id, "berta");
        Assert.Equal(
            [
                ("create destination", "tester", """{"id":1,"name":"one","kind":"acme","changed":["name","config.api_key","config.endpoint"]}"""),
                ("update destination", "tester", """{"id":1,"name":"one","kind":"acme","changed":["enabled","config.second_key"]}"""),
                ("delete destination", "berta", """{"id":1,"name":"one","kind":"acme","changed":[]}"""),
            ],
            process.Audit());
    }

    [Fact]
    public async Task The_number_of_one_that_is_gone_is_never_used_again()
    {
        var first = await process.CreateAsync();
        Assert.True(process.Desk.Delete(1, first.Id, "tester"));
        Assert.False(process.Desk.Delete(1, first.Id, "tester"));
        Assert.Null(process.Desk.Find(1, first.Id));
        Assert.Empty(process.Directory.All);
        Assert.Equal(first.Id + 1, (await process.CreateAsync()).Id);
    }

    [Fact]
    public async Task A_tenant_has_no_more_destinations_than_it_may()
    {
        folder.Options.MaxDestinations = 2;
        await process.CreateAsync();
        await process.CreateAsync("two");
        Assert.Equal(2, Assert.IsType<DestinationAnswer.Full>(await process.Desk.CreateAsync(1, new DestinationWish { Name = "three", Kind = "acme", Config = Json(Config()) }, "tester", Cancel)).Most);
        Assert.Equal(2, process.Desk.List(1).Count);
    }

    [Fact]
    public async Task A_kind_this_version_does_not_know_is_kept_and_shown()
    {
        var made = await process.CreateAsync();
        process.Execute("UPDATE destinations SET kind = 'later'");
        var view = process.Desk.Find(1, made.Id)!;
        Assert.Contains("'later'", view.Locked, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, view.Config.ToJsonString(), StringComparison.Ordinal);
        var destination = Assert.Single(process.Directory.All);
        Assert.Null(destination.Config);
        Assert.Contains("'later'", destination.Locked, StringComparison.Ordinal);
        Assert.True(process.Desk.Delete(1, made.Id, "tester"));
    }

    private static DestinationView Done(DestinationAnswer answer) => DeskFolder.Process.Done(answer);

    private static DestinationWish Wish(JsonObject body) => new()
    {
        Name = (string?)body["name"],
        Kind = (string?)body["kind"],
        Config = (JsonObject?)body["config"],
        Filter = (string?)body["filter"],
        SampleRate = (double?)body["sample_rate"],
        Mask = List(body["mask"]),
        Signals = List(body["signals"]),
        Apps = List(body["apps"]),
        ExceptApps = List(body["except_apps"]),
    };

    private static string[]? List(JsonNode? node) => node is JsonArray list ? [.. list.Select(item => (string)item!)] : null;
}

using Callwatch.Control;
using Callwatch.Forward.Lanes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>What people do with destinations.</summary>
public sealed class DestinationUseTests(DestinationSite site) : IClassFixture<DestinationSite>
{
    private DeadLetters Letters => site.Server.Services.GetRequiredService<DeadLetters>();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_destination_is_made_by_the_form_of_its_kind(bool script)
    {
        await using var visitor = await site.SignedInAsync(script: script);
        await visitor.GoAsync("/destinations");
        await visitor.ClickUntilAsync("main a.primary", ".kind-card");
        await visitor.Page.Locator(".kind-card", new PageLocatorOptions { HasText = "OTLP" }).ClickAsync();
        await visitor.Page.FillAsync("#f-name", "Made by hand");
        await visitor.Page.FillAsync("#f-config-endpoint", site.AddressOf("healthy"));
        await visitor.Page.FillAsync("#f-config-headers", "X-Key: " + DestinationSite.Secret);
        await visitor.Page.SelectOptionAsync("#f-config-protocol", "http/json");
        await visitor.Page.FillAsync("#f-sample_rate", "25");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=made**");
        Assert.DoesNotContain(DestinationSite.Secret, await visitor.Page.ContentAsync(), StringComparison.Ordinal);
        var made = site.Desk.List(Tenants.DefaultId)[^1];
        Assert.Equal(("Made by hand", 0.25, true), (made.Name, made.SampleRate, made.KeepErrors));
        Assert.Equal(["headers"], made.ConfigSet);
        await visitor.AssertUnharmedAsync();

        // And taken away again.
        await visitor.Page.Locator("details.fold summary", new PageLocatorOptions { HasText = "Remove" }).ClickAsync();
        await visitor.Page.Locator("form[action$='/delete'] button").ClickAsync();
        await visitor.Page.Locator("#lanes").WaitForAsync(new LocatorWaitForOptions { State = WaitForSelectorState.Attached });
        Assert.Null(site.Desk.Find(Tenants.DefaultId, made.Id));
    }

    [Fact]
    public async Task A_test_says_how_it_ends_and_nothing_that_was_typed_is_lost()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/destinations/new?kind=otlp");
        await visitor.Page.FillAsync("#f-name", "Typed");
        await visitor.Page.SelectOptionAsync("#f-config-protocol", "http/json");
        await visitor.Page.FillAsync("#f-config-headers", "X-Key: " + DestinationSite.Secret);
        await visitor.Page.FillAsync("#f-config-endpoint", site.AddressOf("blocked"));
        await visitor.Page.ClickAsync("#test");
        await visitor.Page.WaitForSelectorAsync("#form-answer .is-bad");
        Assert.Contains("Invalid token", await visitor.Page.InnerTextAsync("#form-answer"), StringComparison.Ordinal);
        await visitor.Page.FillAsync("#f-config-endpoint", site.AddressOf("healthy"));
        await visitor.Page.ClickAsync("#test");
        await visitor.Page.WaitForSelectorAsync("#form-answer .is-ok");
        Assert.Equal("Typed", await visitor.Page.InputValueAsync("#f-name"));
        Assert.Equal("X-Key: " + DestinationSite.Secret, await visitor.Page.InputValueAsync("#f-config-headers"));
        Assert.DoesNotContain(site.Desk.List(Tenants.DefaultId), made => made.Name == "Typed");
        await visitor.AssertAccessibleAsync();
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_test_of_a_destination_uses_the_secrets_that_are_kept()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{site.Healthy}");
        var before = site.Platform.Requests.Count;
        await visitor.Page.ClickAsync("#test");
        await visitor.Page.WaitForSelectorAsync("#form-answer .is-ok");
        Assert.Contains(site.Platform.Requests.Skip(before), request => request.Path.StartsWith("/healthy/", StringComparison.Ordinal) && request.Header("Authorization") == DestinationSite.Secret);
    }

    [Fact]
    public async Task A_wrong_field_is_pointed_at_and_what_was_typed_stays()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{site.Healthy}");
        await visitor.Page.FillAsync("#f-name", "Other name");
        await visitor.Page.FillAsync("#f-config-endpoint", "nonsense");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#p-config-endpoint:not([hidden])");
        Assert.Equal("true", await visitor.Page.GetAttributeAsync("#f-config-endpoint", "aria-invalid"));
        Assert.Equal("f-config-endpoint", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        Assert.Equal("Other name", await visitor.Page.InputValueAsync("#f-name"));
        Assert.Equal("Data lake", site.Desk.Find(Tenants.DefaultId, site.Healthy)!.Name);
        await visitor.AssertAccessibleAsync();

        // Mended, it is saved, and the mark is gone.
        await visitor.Page.FillAsync("#f-config-endpoint", site.AddressOf("healthy"));
        await visitor.Page.FillAsync("#f-name", "Data lake");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=saved**");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Without_script_a_wrong_form_comes_back_as_it_was_typed_but_for_its_secrets()
    {
        await using var visitor = await site.SignedInAsync(script: false);
        await visitor.GoAsync("/destinations/new?kind=langsmith");
        await visitor.Page.FillAsync("#f-name", "Typed without script");
        await visitor.Page.FillAsync("#f-config-api_key", DestinationSite.Secret);
        await visitor.Page.FillAsync("#f-config-endpoint", "nonsense");
        await visitor.Page.FillAsync("#f-filter", "outcome:error");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#form-answer .is-bad");
        Assert.Equal("Typed without script", await visitor.Page.InputValueAsync("#f-name"));
        Assert.Equal("nonsense", await visitor.Page.InputValueAsync("#f-config-endpoint"));
        Assert.Equal("outcome:error", await visitor.Page.InputValueAsync("#f-filter"));
        Assert.Equal("", await visitor.Page.InputValueAsync("#f-config-api_key"));
        Assert.DoesNotContain(DestinationSite.Secret, await visitor.Page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_somebody_else_has_changed_meanwhile_is_not_overwritten()
    {
        var id = await site.MakeAsync("Shared", "healthy");
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{id}");
        await site.Desk.UpdateAsync(Tenants.DefaultId, id, new Callwatch.Forward.Desk.DestinationWish { Name = "By another" }, "test", TestContext.Current.CancellationToken);
        await visitor.Page.FillAsync("#f-name", "By me");
        await visitor.Page.Locator("#destination .primary").ClickAsync();
        await visitor.Page.WaitForSelectorAsync("#form-answer .is-bad");
        Assert.Equal("By another", site.Desk.Find(Tenants.DefaultId, id)!.Name);
        Assert.Equal("By me", await visitor.Page.InputValueAsync("#f-name"));
        site.Desk.Delete(Tenants.DefaultId, id, "test");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lane_is_paused_and_goes_on_from_the_list(bool script)
    {
        var id = await site.MakeAsync("To be paused", "healthy");
        await using var visitor = await site.SignedInAsync(script: script);
        await visitor.GoAsync("/destinations");
        await visitor.ClickUntilAsync($"#pause-{id}", $"#resume-{id}");
        Assert.True(site.Desk.Find(Tenants.DefaultId, id)!.Paused);
        await visitor.ClickUntilAsync($"#resume-{id}", $"#pause-{id}");
        Assert.False(site.Desk.Find(Tenants.DefaultId, id)!.Paused);
        site.Desk.Delete(Tenants.DefaultId, id, "test");
    }

    [Fact]
    public async Task The_list_keeps_itself_fresh_and_keeps_the_focus()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/destinations");
        await visitor.Page.FocusAsync($"#pause-{site.Healthy}");
        var id = await site.MakeAsync("Newcomer", "healthy");
        await visitor.Page.WaitForSelectorAsync($"#lane-{id}");
        Assert.Equal($"pause-{site.Healthy}", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.id"));

        // Keys go on from there, and not from the beginning.
        await visitor.Page.Keyboard.PressAsync("j");
        Assert.Equal($"to-{site.Blocked}", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        site.Desk.Delete(Tenants.DefaultId, id, "test");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task Dead_letters_are_sent_again_and_thrown_away_by_choice_and_all_together()
    {
        var id = await site.MakeAsync("Letters", "refuses");
        for (var i = 0; i < 3; i++) await Traffic.SendCallAsync(site.Server.Http, "anna", TestContext.Current.CancellationToken);
        await DestinationSite.UntilAsync(() => Letters.Count(id) == 3, "three dead letters");
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{id}");
        Assert.True(await visitor.Page.Locator("button[value=retry]").IsDisabledAsync());

        // One is thrown away.
        await visitor.Page.Locator("#dead-letters tbody input").First.CheckAsync();
        await visitor.Page.ClickAsync("button[value=discard]");
        await visitor.Page.WaitForURLAsync("**done=discarded.1**");
        await visitor.Page.Locator("#dead-letters tbody input").First.WaitForAsync();
        Assert.Equal(2, await visitor.Page.Locator("#dead-letters tbody input").CountAsync());

        // The cause is mended, and one is sent again.
        site.Platform.Always = request => request.Path.StartsWith("/refuses/", StringComparison.Ordinal) ? new Callwatch.Testing.StandIns.StandInAnswer(200, "{}") : null;
        await visitor.Page.Locator("#dead-letters tbody input").First.CheckAsync();
        await visitor.Page.ClickAsync("button[value=retry]");
        await visitor.Page.WaitForURLAsync("**done=retried.1**");
        await DestinationSite.UntilAsync(() => Letters.Count(id) == 1, "one dead letter left");
        site.Platform.Always = null;

        // The rest goes after a question.
        await visitor.GoAsync($"/destinations/{id}");
        await visitor.Page.Locator("#dead-letters summary").ClickAsync();
        await visitor.AssertAccessibleAsync();
        await visitor.Page.ClickAsync("button[value=discard-all]");
        await visitor.Page.WaitForURLAsync("**done=discarded.1**");
        Assert.Equal(0, Letters.Count(id));
        site.Desk.Delete(Tenants.DefaultId, id, "test");
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task A_stretch_of_time_is_sent_again_once_doubles_are_agreed_to()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync($"/destinations/{site.Healthy}");
        var sent = site.Platform.Requests.Count;
        await visitor.Page.Locator(".replay-form button").ClickAsync();
        await visitor.Page.WaitForSelectorAsync(".replay-form [role=alert]");
        Assert.Empty(site.Lanes.Replays(site.Healthy));
        await visitor.AssertAccessibleAsync();
        await visitor.Page.FillAsync(".replay-form [name=to]", "2100-01-01T00:00:00Z");
        await visitor.Page.CheckAsync(".replay-form [name=confirm]");
        await visitor.Page.Locator(".replay-form button").ClickAsync();
        await visitor.Page.WaitForURLAsync("**done=replays**");
        await DestinationSite.UntilAsync(() => site.Lanes.Replays(site.Healthy) is [{ Ended: not null }], "the replay has ended");
        Assert.True(site.Platform.Requests.Count > sent);
        await visitor.Page.Locator("#replays .st", new PageLocatorOptions { HasText = "done" }).WaitForAsync();
        await visitor.AssertUnharmedAsync();
    }

    [Fact]
    public async Task The_keyboard_leads_to_the_lanes_and_into_one()
    {
        await using var visitor = await site.SignedInAsync();
        await visitor.GoAsync("/system");
        await visitor.Page.ClickAsync("h1");
        await visitor.Page.Keyboard.PressAsync("g");
        await visitor.Page.Keyboard.PressAsync("d");

        // Once it is loaded, scripts and all; rows can be seen before.
        await visitor.Page.WaitForURLAsync("**/destinations");
        await visitor.Page.Keyboard.PressAsync("j");
        Assert.Equal($"to-{site.Healthy}", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        await visitor.Page.Keyboard.PressAsync("j");
        Assert.Equal($"to-{site.Blocked}", await visitor.Page.EvaluateAsync<string>("() => document.activeElement.id"));
        // The lanes are drawn anew every few seconds: a key that falls into just that moment goes nowhere, and is pressed once more.
        for (var again = 0; !visitor.Page.Url.EndsWith($"/destinations/{site.Blocked}", StringComparison.Ordinal); again++)
        {
            Assert.InRange(again, 0, 10);
            await visitor.Page.Locator($"#to-{site.Blocked}").PressAsync("Enter");
            try
            {
                await visitor.Page.WaitForURLAsync($"**/destinations/{site.Blocked}", new() { Timeout = 30_000 });
            }
            catch (TimeoutException)
            {
                // Once more.
            }
        }

        await visitor.AssertUnharmedAsync();
    }
}

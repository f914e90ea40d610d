using Callwatch.Dashboard.Frame;
using Callwatch.Query;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Dashboard.Standalone;

/// <summary>What the form to sign in needs of the host.</summary>
/// <param name="Action">Address that takes it.</param>
/// <param name="Hidden">Fields that go along unseen: the antiforgery token, where to go afterwards.</param>
/// <param name="KeyField">Name of the field for the key.</param>
/// <param name="GoOn">Address of the page that was asked for.</param>
public sealed record SignInForm(string Action, IReadOnlyList<(string Name, string Value)> Hidden, string KeyField, string GoOn);

/// <summary>Pages for those who are nobody yet, and for what went wrong. They show nothing of anybody's data and need no caller.</summary>
public static class StandalonePages
{
    public static Task WriteErrorAsync(HttpContext http, int status, string detail) =>
        WriteAsync<ErrorScreen>(http, status, (nameof(ErrorScreen.Status), status), (nameof(ErrorScreen.Detail), detail));

    /// <param name="detail">Why it is shown; null when the person came on purpose.</param>
    public static Task WriteSignInAsync(HttpContext http, int status, SignInForm form, string? detail) =>
        WriteAsync<SignInScreen>(http, status, (nameof(SignInScreen.Form), form), (nameof(SignInScreen.Detail), detail));

    private static Task WriteAsync<TView>(HttpContext http, int status, params (string Name, object? Value)[] values)
        where TView : IComponent
    {
        PageHeaders.Set(http);
        Preferences.Remember(http);
        var visit = Visit.Of(http, Nobody.Instance, http.RequestServices.GetRequiredService<TimeProvider>());
        return visit.Render<TView>(status, values).ExecuteAsync(http);
    }

    private sealed class Nobody : IViewer
    {
        public static readonly Nobody Instance = new();

        // No tenant has this number.
        public ReadScope Scope { get; } = new(0);

        public bool SeesInstance => false;

        public bool MayOperate => false;

        public bool MayChange => false;

        public string Who => "nobody";
    }
}

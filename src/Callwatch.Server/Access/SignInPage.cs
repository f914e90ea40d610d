using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Callwatch.Server.Access;

/// <summary>The form to sign in with, shown in place of a page that needs it.</summary>
internal static class SignInPage
{
    /// <param name="detail">Why it is shown; null when the person came on purpose.</param>
    public static string Body(HttpContext context, string? detail)
    {
        var tokens = context.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(context);
        var html = HtmlEncoder.Default;
        var back = SignIn.PageToReturnTo(context);
        var why = detail is null ? "" : $"<p>{html.Encode(detail)}</p>";
        return
            $"""
            <h1>Sign in to Callwatch</h1>
            {why}
            <form method="post" action="{html.Encode(context.Request.PathBase + SignIn.Path)}">
            <input type="hidden" name="{html.Encode(tokens.FormFieldName)}" value="{html.Encode(tokens.RequestToken!)}">
            <input type="hidden" name="{SignIn.ReturnField}" value="{html.Encode(back)}">
            <label for="key">Key</label>
            <input id="key" name="{SignIn.KeyField}" type="password" autocomplete="current-password" required autofocus>
            <button>Sign in</button>
            </form>
            <p>The admin key is in the file <code>admin.key</code> of the data folder. Or open the link that the server printed when it started.</p>
            <p>Came here from another site while signed in? <a href="{html.Encode(back)}">Go on</a>.</p>
            """;
    }
}
